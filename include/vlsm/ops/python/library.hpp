// SPDX-License-Identifier: MIT
#pragma once

// Registers the operators with PyTorch's dispatcher, with autograd and shape functions. To be
// included by one source of a shared library, which Python loads with torch.ops.load_library; CMake
// makes one of this header alone (the target vlsm_torch).
#include "vlsm/ops/python/dice_ce.hpp"
#include "vlsm/ops/python/fusion_attention.hpp"
