// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

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

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/image/impl/picture_file.hpp"
#endif
