// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "vlsm/image/image.hpp"

namespace vlsm {

/// Reads a PNG or JPEG file as PIL's convert('RGB') does: an alpha channel is dropped, 16-bit grey
/// is cut off at 255.
///
/// PNG pixels equal PIL's; stb decodes JPEG with other rounding (docs/architecture.md says how
/// much). Throws Error for a missing, foreign, damaged or too large file.
Image read_image(std::filesystem::path const& path);

/// Reads the first channel of a PNG or JPEG file (of an RGB mask: red, as the study's loader does).
Mask read_mask(std::filesystem::path const& path);

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/image/impl/read.hpp"
#endif
