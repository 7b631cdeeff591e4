// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "vlsm/image/image.hpp"

namespace vlsm {

/// Reads a PNG or JPEG file as PIL's convert('RGB') does, to the last bit: an alpha channel is
/// dropped, 16-bit gray is cut off at 255, CMYK is taken for inverted.
///
/// Without libjpeg-turbo JPEG pixels are a few levels off (docs/architecture.md says how much;
/// picture_readers() says who decodes). Throws Error for a missing, foreign, damaged or too large
/// file.
Image read_image(std::filesystem::path const& path);

/// Reads the first channel of a PNG or JPEG file (of an RGB mask: red, as the study's loader does).
Mask read_mask(std::filesystem::path const& path);

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/image/impl/read.hpp"
#endif
