// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <span>
#include <string>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/error.hpp"

namespace vlsm {

/// The memory of a dense tensor on the CPU, of any shape, which must live as long.
inline std::span<std::byte const> bytes_of(at::Tensor const& dense) {
  return {static_cast<std::byte const*>(dense.const_data_ptr()), dense.nbytes()};
}

/// The hash of a name and of the type, shape and values of a tensor [...], wherever it lies;
/// `before` is that of what stands before them.
inline ContentHash tensor_hash(std::string const& name, at::Tensor const& value,
                               ContentHash before = {}) {
  at::Tensor const dense = value.detach().cpu().contiguous();
  ContentHash const named =
      content_hash(name + at::toString(dense.scalar_type()) + shape_text(dense.sizes()), before);
  return content_hash(bytes_of(dense), named);
}

}  // namespace vlsm
