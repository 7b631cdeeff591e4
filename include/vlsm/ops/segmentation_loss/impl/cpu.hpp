// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/ops/segmentation_loss/cpu.hpp"

#ifdef VLSM_COMPILED
namespace vlsm::ops {

VLSM_REGION_LOSS_OF(, kernels::NoTerm)
VLSM_REGION_LOSS_OF(, kernels::EntropyOfLogits)
VLSM_REGION_LOSS_OF(, kernels::EntropyOfProbabilities)
VLSM_REGION_LOSS_OF(, kernels::FocalEntropy)

}  // namespace vlsm::ops
#endif
