// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/ScalarType.h>

#include "vlsm/kernels/cpu/dot.hpp"

namespace vlsm {

/// What layers are told that are prepared for inference; see vlsm::prepare.
struct Preparation {
  c10::ScalarType type = c10::ScalarType::Float;  ///< of weights and activations
  bool pack = true;  ///< weights lie as this machine's products read them (on a CPU)
  /// What both factors of a product are rounded to where `type` is float32.
  kernels::cpu::Operand operand = kernels::cpu::Operand::fp32;
};

}  // namespace vlsm
