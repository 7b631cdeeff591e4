// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "vlsm/image/raw_picture.hpp"

// What a picture's header says that a user should know: an orientation, which is not applied here,
// so that a mask drawn on the picture as viewers turn it does not fit, and more levels than models
// see.
namespace vlsm::detail {

/// Whether a mask of that height and width fits the picture only as viewers turn it.
inline bool fits_turned(PictureHeader const& picture, std::size_t height, std::size_t width) {
  return picture.orientation >= 5 && picture.height == width && picture.width == height &&
         height != width;
}

/// " with EXIF orientation 6", for messages behind the picture's size.
inline std::string exif_text(PictureHeader const& picture) {
  return " with EXIF orientation " + std::to_string(picture.orientation);
}

/// What to do about masks that fit pictures only as viewers turn them.
inline constexpr char const* exif_remedy =
    "the masks were drawn on the picture as viewers turn it: turn its pixels as the tag says "
    "(ImageOps.exif_transpose) and save it without the tag";

/// Of pictures whose tag cannot be told to matter by their masks' sizes: the text of a finding.
inline constexpr char const* exif_doubt =
    "an EXIF orientation is not applied: where the masks were drawn on the picture as viewers turn "
    "it, turn its pixels and save it without the tag";

/// Of masks that are turned_otherwise: the text of a finding.
inline constexpr char const* turned_doubt =
    "an orientation in these masks' headers is not their pictures' (a TIFF's is applied, EXIF's is "
    "not): look at one over its picture, and save both without the tag";

/// Whether a mask's header names another orientation than its picture's does.
inline bool turned_otherwise(PictureHeader const& mask, PictureHeader const& picture) {
  return mask.turned != picture.turned ||
         (mask.orientation != 1 && mask.orientation != picture.orientation);
}

/// Of pictures that are copied: reading them cuts their levels off, as PIL does.
inline constexpr char const* clipped_gray =
    "16 bits of gray: levels above 255 are white, so scale them and write 8 bits";

/// Of pictures that become PNG.
inline constexpr char const* scaled_gray =
    "16 bits of gray: where levels exceed 255, each file's are scaled so that 0.5 % are black and "
    "0.5 % white";

}  // namespace vlsm::detail
