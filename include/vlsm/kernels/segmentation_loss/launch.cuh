// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/segmentation_loss/launch_loss.cuh"

// The launches of the library's own losses.
#define VLSM_REGION_ON_CARD(Region)                                    \
  VLSM_FORWARD_ON_CARD(Region, vlsm::kernels::NoTerm);                 \
  VLSM_FORWARD_ON_CARD(Region, vlsm::kernels::EntropyOfLogits);        \
  VLSM_FORWARD_ON_CARD(Region, vlsm::kernels::EntropyOfProbabilities); \
  VLSM_FORWARD_ON_CARD(Region, vlsm::kernels::FocalEntropy)
VLSM_REGION_ON_CARD(vlsm::kernels::Dice);
VLSM_REGION_ON_CARD(vlsm::kernels::Jaccard);
VLSM_REGION_ON_CARD(vlsm::kernels::Tversky);
VLSM_REGION_ON_CARD(vlsm::kernels::FocalTversky);
#undef VLSM_REGION_ON_CARD
VLSM_BACKWARD_ON_CARD(vlsm::kernels::NoTerm);
VLSM_BACKWARD_ON_CARD(vlsm::kernels::EntropyOfLogits);
VLSM_BACKWARD_ON_CARD(vlsm::kernels::EntropyOfProbabilities);
VLSM_BACKWARD_ON_CARD(vlsm::kernels::FocalEntropy);
