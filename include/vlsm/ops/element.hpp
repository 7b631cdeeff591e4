// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include "vlsm/kernels/common/element.hpp"

// Tensors' types as the kernels name them.
namespace vlsm::ops {

/// The kernels' name for a type; f32 for types that they have no name for (`kernels_reach` tells).
inline kernels::Element element_of(at::ScalarType type) {
  switch (type) {
    case at::kHalf:
      return kernels::Element::f16;
    case at::kBFloat16:
      return kernels::Element::bf16;
    case at::kByte:
      return kernels::Element::u8;
    case at::kBool:
      return kernels::Element::boolean;
    default:
      return kernels::Element::f32;
  }
}
/// The same of the type of a tensor of any shape.
inline kernels::Element element_of(at::Tensor const& x) { return element_of(x.scalar_type()); }

/// Whether fused kernels may run on the device of this tensor, on numbers of its type; it has any
/// shape.
inline bool kernels_reach(at::Tensor const& x) {
#ifdef VLSM_KERNELS
  bool const here = x.is_cpu() || x.is_cuda();
#else
  bool const here = x.is_cpu();
#endif
  auto const type = x.scalar_type();
  return here && (type == at::kFloat || type == at::kHalf || type == at::kBFloat16);
}

/// Whether two tensors of any shape have one type and one device; an undefined `other` is no
/// obstacle.
inline bool same_kind(at::Tensor const& x, at::Tensor const& other) {
  return !other.defined() ||
         (x.scalar_type() == other.scalar_type() && x.device() == other.device());
}

}  // namespace vlsm::ops
