// SPDX-License-Identifier: MIT
#pragma once

#include <torch/types.h>

#include "vlsm/io/array.hpp"

namespace vlsm::io {

inline at::ScalarType scalar_type(DType dtype) {
  constexpr at::ScalarType types[] = {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong,
                                      at::kInt,    at::kShort, at::kChar, at::kByte,     at::kBool};
  return types[static_cast<std::size_t>(dtype)];
}

/// A tensor over the array's memory; the array's owner lives as long as the tensor. Mapped files
/// are mapped privately, so the tensor may be written to.
inline at::Tensor to_tensor(Array const& array) {
  if (elements(array) == 0) return at::empty(array.shape, scalar_type(array.dtype));
  return at::from_blob(
      const_cast<std::byte*>(array.data), array.shape, array.strides,
      [owner = array.owner](void*) {}, scalar_type(array.dtype));
}

/// The array of a contiguous CPU tensor; it shares the tensor's memory.
inline Array to_array(at::Tensor const& tensor) {
  auto const kept = std::make_shared<at::Tensor>(tensor.detach().cpu().contiguous());
  Array array;
  array.data = static_cast<std::byte const*>(kept->const_data_ptr());
  array.bytes = kept->nbytes();
  array.owner = kept;
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i)
    if (scalar_type(static_cast<DType>(i)) == kept->scalar_type())
      array.dtype = static_cast<DType>(i);
  array.shape.assign(kept->sizes().begin(), kept->sizes().end());
  array.strides.assign(kept->strides().begin(), kept->strides().end());
  return array;
}

}  // namespace vlsm::io
