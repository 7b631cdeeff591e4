// SPDX-License-Identifier: MIT
// [launch]
#include "skeletons/loss.hpp"
#include "vlsm/kernels/segmentation_loss/launch_loss.cuh"

VLSM_LOSS_ON_GPU(mine::LogDice, mine::SquaredError);
// [launch]
