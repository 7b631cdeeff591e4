// SPDX-License-Identifier: MIT
#include "support/own_loss.hpp"
#include "vlsm/kernels/segmentation_loss/launch_loss.cuh"

VLSM_LOSS_ON_GPU(vlsm::test::Marked, vlsm::test::Brier);
