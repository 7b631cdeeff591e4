// SPDX-License-Identifier: MIT
#pragma once

#include "model.hpp"

// One function a model, each in the file that compiles it; models.cpp lists them.
namespace tool {

ModelInfo clipseg();
ModelInfo clipseg_simple();
ModelInfo clipseg_rd16();
ModelInfo cris();
ModelInfo cris_original();
ModelInfo biomedclipseg();
ModelInfo biomedclipseg_d();
ModelInfo unet();
ModelInfo unetpp();
ModelInfo deeplabv3plus();
ModelInfo clipseg_small();
ModelInfo clipseg_tiny();

}  // namespace tool
