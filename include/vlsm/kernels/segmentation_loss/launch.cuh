// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/segmentation_loss/launch_loss.cuh"

// The launches of the library's own losses.
#define VLSM_REGION_ON_GPU(Region)                                    \
  VLSM_FORWARD_ON_GPU(Region, vlsm::kernels::NoTerm);                 \
  VLSM_FORWARD_ON_GPU(Region, vlsm::kernels::EntropyOfLogits);        \
  VLSM_FORWARD_ON_GPU(Region, vlsm::kernels::EntropyOfProbabilities); \
  VLSM_FORWARD_ON_GPU(Region, vlsm::kernels::FocalEntropy)
VLSM_REGION_ON_GPU(vlsm::kernels::Dice);
VLSM_REGION_ON_GPU(vlsm::kernels::Jaccard);
VLSM_REGION_ON_GPU(vlsm::kernels::Tversky);
VLSM_REGION_ON_GPU(vlsm::kernels::FocalTversky);
#undef VLSM_REGION_ON_GPU
VLSM_BACKWARD_ON_GPU(vlsm::kernels::NoTerm);
VLSM_BACKWARD_ON_GPU(vlsm::kernels::EntropyOfLogits);
VLSM_BACKWARD_ON_GPU(vlsm::kernels::EntropyOfProbabilities);
VLSM_BACKWARD_ON_GPU(vlsm::kernels::FocalEntropy);
