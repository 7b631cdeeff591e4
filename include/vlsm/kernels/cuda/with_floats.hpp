// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/cuda/types.cuh"

namespace vlsm::kernels {

/// Calls `run.operator()<T>()` with the element type as a type; throws Error for
/// what is no floating-point type.
template <class Run>
void with_floats(Element element, char const* what, char const* where, Run const& run) {
  switch (element) {
    case Element::f32:
      return run.template operator()<float>();
    case Element::f16:
      return run.template operator()<Half>();
    case Element::bf16:
      return run.template operator()<BFloat16>();
    default:
      throw Error(std::string(what) + " that are no floats", where,
                  "give them as float32, float16 or bfloat16");
  }
}

}  // namespace vlsm::kernels
