// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "vlsm/image/image.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm {

/// Reads the header of a file, and nothing of its pixels. Throws Error for a missing, foreign or
/// damaged file and for a size that is none to be decoded.
PictureHeader read_picture_header(std::filesystem::path const& path);

/// Decodes a PNG or JPEG file; its orientation is not applied. Throws Error for a missing, foreign,
/// damaged or too large file.
RawPicture read_raw_picture(std::filesystem::path const& path);

/// What decodes here, for a person: "JPEG by libjpeg-turbo 2.1.5, PNG by libdeflate 1.14".
std::string picture_readers();

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
