// SPDX-License-Identifier: MIT
#pragma once

#include <torch/types.h>

#include <memory>
#include <optional>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/io/tensors/array.hpp"

namespace vlsm::io {

/// torch's name for a type of elements.
inline at::ScalarType scalar_type(DType dtype) {
  constexpr at::ScalarType types[] = {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong,
                                      at::kInt,    at::kShort, at::kChar, at::kByte,     at::kBool};
  return types[static_cast<std::size_t>(dtype)];
}

/// A tensor of any shape over the array's memory; the array's owner lives as long as the tensor.
/// Mapped files are mapped privately, so the tensor may be written to.
inline at::Tensor to_tensor(Array const& array) {
  if (elements(array) == 0) return at::empty(array.shape, scalar_type(array.dtype));
  return at::from_blob(
      const_cast<std::byte*>(array.data), array.shape, array.strides,
      [owner = array.owner](void*) {}, scalar_type(array.dtype));
}

/// Our name for a type of torch's elements, or nothing for one that is not held here.
inline std::optional<DType> dtype_of(at::ScalarType type) {
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i)
    if (scalar_type(static_cast<DType>(i)) == type) return static_cast<DType>(i);
  return std::nullopt;
}

/// The array of a tensor of any shape, on the CPU and contiguous; it shares the tensor's memory
/// where that is so already. Throws Error for types that are not held here (complex, quantized,
/// float8, uint16).
inline Array to_array(at::Tensor const& tensor) {
  auto const dtype = tensor.defined() ? dtype_of(tensor.scalar_type()) : std::nullopt;
  if (!dtype)
    throw Error(tensor.defined() ? "tensors of " + std::string(at::toString(tensor.scalar_type())) +
                                       " are neither read nor written"
                                 : std::string("an undefined tensor has no array"),
                "vlsm::io::to_array", "convert it to float32, an integer type or bool first");
  auto const kept = std::make_shared<at::Tensor>(tensor.detach().cpu().resolve_neg().contiguous());
  Array array;
  array.data = static_cast<std::byte const*>(kept->const_data_ptr());
  array.bytes = kept->nbytes();
  array.owner = kept;
  array.dtype = *dtype;
  array.shape.assign(kept->sizes().begin(), kept->sizes().end());
  array.strides.assign(kept->strides().begin(), kept->strides().end());
  return array;
}

}  // namespace vlsm::io
