// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "vlsm/base/strings.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm {

/// Whether the name is one of a file that is read here: .png, .jpg, .jpeg, .tif or .tiff, in any
/// case.
inline bool is_picture_name(std::string const& name) {
  return strings::ends_in(name, {".png", ".jpg", ".jpeg", ".tif", ".tiff"});
}

/// Reads the header of a file, and nothing of its pixels. Throws Error for a missing, foreign or
/// damaged file, for a picture without pixels, and for a size beyond `largest_picture` or
/// `longest_side`.
PictureHeader read_picture_header(std::filesystem::path const& path);

/// Decodes a PNG, JPEG or TIFF file. The orientation of PNG and JPEG is not applied; that of a TIFF
/// is, as in PIL, and of several pictures in one the first is read. Throws Error for a missing,
/// foreign, damaged or too large file, and for a TIFF in a build without libtiff.
RawPicture read_raw_picture(std::filesystem::path const& path);

/// What decodes here, for a person: "JPEG by libjpeg-turbo 2.1.5, PNG by libdeflate 1.14, TIFF by
/// libtiff 4.5.0"; a build without libtiff reads no TIFF.
std::string picture_readers();

/// Reads a PNG, JPEG or TIFF file as PIL's convert('RGB') does, to the last bit: an alpha channel
/// is dropped, 16-bit gray is cut off at 255, CMYK is taken for inverted.
///
/// Without libjpeg-turbo JPEG pixels are a few levels off (docs/architecture.md says how much;
/// picture_readers() says who decodes). Throws Error for a missing, foreign, damaged or too large
/// file.
Image read_image(std::filesystem::path const& path);

/// Reads the first channel of a PNG, JPEG or TIFF file (of an RGB mask: red, as the study's loader
/// does). Throws Error as read_image does.
Mask read_mask(std::filesystem::path const& path);

/// The header of a PNG, JPEG or TIFF file that is all in memory, called `where` in messages. Throws
/// Error as read_picture_header does.
PictureHeader parse_picture_header(std::string const& bytes, std::string const& where);

/// The same file's samples, as read_raw_picture decodes them. Throws Error as it does.
RawPicture parse_raw_picture(std::string const& bytes, std::string const& where);

/// The same file's pixels, [H, W, 3], as read_image reads them. Throws Error as it does.
Image parse_image(std::string const& bytes, std::string const& where);

/// The same file's first channel, [H, W], as read_mask reads it. Throws Error as it does.
Mask parse_mask(std::string const& bytes, std::string const& where);

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/image/impl/read.hpp"
#endif
