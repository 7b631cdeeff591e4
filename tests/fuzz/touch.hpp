// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "fuzz/fuzz.hpp"
#include "vlsm/io/tensors/array.hpp"

namespace vlsm::fuzz {

/// Reads the first and the last element of every tensor, which must lie in memory that is theirs.
inline void touch(io::Checkpoint const& checkpoint) {
  for (io::NamedArray const& tensor : checkpoint.tensors) {
    io::Array const& array = tensor.array;
    if (io::elements(array) == 0) continue;
    std::size_t last = 0;
    for (std::size_t i = 0; i < array.shape.size(); ++i)
      last += static_cast<std::size_t>((array.shape[i] - 1) * array.strides[i]);
    std::size_t const size = io::dtype_size(array.dtype);
    require((last + 1) * size <= array.bytes, "a tensor lies within its memory");
    require(reinterpret_cast<std::uintptr_t>(array.data) % size == 0, "a tensor is aligned");
    auto volatile sum = std::to_integer<int>(array.data[0]);
    sum = sum + std::to_integer<int>(array.data[(last + 1) * size - 1]);
  }
}

}  // namespace vlsm::fuzz
