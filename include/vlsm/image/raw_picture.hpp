// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace vlsm {

/// Pictures of more pixels, or with a longer side, are refused before they are decoded: a small
/// file can claim any size.
inline constexpr long long largest_picture = 100'000'000;
inline constexpr long long longest_side = 65'500;

/// What a PNG, JPEG or TIFF file says of itself; of a TIFF its first picture, turned upright.
struct PictureHeader {
  enum class Format { png, jpeg, tiff };
  Format format = Format::png;
  std::size_t height = 0, width = 0;
  int channels = 0;  ///< as stored: 1 gray or palette index, 2 gray and alpha, 3, 4 (alpha or CMYK)
  int bits = 0;      ///< of a sample: 1, 2, 4, 8, 16
  bool palette = false;
  int orientation = 1;  ///< EXIF tag 0x0112 (JPEG's APP1, PNG's eXIf), 1 where there is none;
                        ///< a TIFF's is applied when it is read, so 1
  int turned = 1;       ///< that orientation of a TIFF; 1 for other kinds
};

/// Whether PIL's convert('RGB') cuts this picture's levels off at 255: gray of 16 bits, but not
/// with alpha, of which the upper eight bits count.
inline bool is_clipped(PictureHeader const& header) {
  return header.bits == 16 && header.channels == 1;
}

/// Whether a square changes this picture's proportions by more than a factor of two.
inline bool is_long(PictureHeader const& header) {
  return std::max(header.height, header.width) > 2 * std::min(header.height, header.width);
}

/// The samples of a picture as stored, not converted to RGB.
struct RawPicture {
  std::size_t height = 0, width = 0;
  int channels = 0;  ///< 1 gray or palette index, 2 gray and alpha, 3 RGB (CMYK, too), 4 RGBA
  int bits = 0;      ///< 1, 2, 4, 8 or 16
  std::vector<std::uint8_t> bytes{};  ///< [H, W, channels], bits <= 8; gray of 1 to 4 bits unscaled
  std::vector<std::uint16_t> words{};  ///< [H, W, channels], bits 16
  /// RGBA of each index, filled up with black to 256; empty: samples are no indices.
  std::vector<std::array<std::uint8_t, 4>> palette{};
  bool lossy = false;  ///< a JPEG: values near those that were written
};

namespace detail {

/// Where the samples of a picture of that height and width go if they are RGB of 8 bits, [H, W, 3]:
/// who wants no more than these need not copy them. RawPicture::bytes is empty then.
using RgbPlace = std::function<std::uint8_t*(std::size_t height, std::size_t width)>;

}  // namespace detail

}  // namespace vlsm
