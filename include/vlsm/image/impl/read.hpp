// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "vlsm/core/compiled.hpp"
#include "vlsm/core/error.hpp"
#include "vlsm/core/stb.hpp"
#include "vlsm/image/check_picture.hpp"
#include "vlsm/image/png_palette.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm {

/// Pictures of more pixels are refused before they are decoded: a small file can claim any size.
inline constexpr long long largest_picture = 100'000'000;
inline constexpr long long longest_side = STBI_MAX_DIMENSIONS;

namespace detail {

inline std::string picture_bytes(std::filesystem::path const& path) {
  std::error_code failed;
  auto const size = std::filesystem::file_size(path, failed);
  if (failed || !std::filesystem::is_regular_file(path))
    throw Error("the picture cannot be read", path.string(),
                "check that the file exists and may be read");
  if (size == 0) throw Error("the picture is empty", path.string(), "give a PNG or JPEG file");
  if (size > 1u << 30)
    throw Error("the picture's file is larger than 1 GiB", path.string(),
                "give a smaller PNG or JPEG file");
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (bytes.empty())
    throw Error("the picture cannot be read", path.string(), "check that the file may be read");
  return bytes;
}

struct Pixels {
  std::unique_ptr<stbi_uc, void (*)(void*)> data;
  std::size_t height, width;
};

/// Throws Error where the size that the header claims is none to be decoded.
inline void check_header(std::string const& bytes, std::filesystem::path const& path) {
  long long width = 0, height = 0;
  if (is_png(bytes) && has_png_header(bytes)) {
    width = big_endian(bytes, 16), height = big_endian(bytes, 20);
    if (width == 0 || height == 0)
      throw Error(
          "the picture has no pixels: " + std::to_string(width) + " x " + std::to_string(height),
          path.string(), "fetch the file again, or write it anew as PNG");
  } else {
    int w = 0, h = 0, channels = 0;
    if (is_png(bytes) ||
        !stbi_info_from_memory(reinterpret_cast<stbi_uc const*>(bytes.data()),
                               static_cast<int>(bytes.size()), &w, &h, &channels)) {
      if (is_png(bytes) || is_jpeg(bytes))
        throw Error("the picture's header is damaged or cut off", path.string(),
                    "fetch the file again, or write it anew as PNG");
      throw Error("this is no PNG or JPEG picture", path.string(),
                  "convert it to PNG or JPEG (its name does not matter)");
    }
    width = w, height = h;
  }
  if (std::max(width, height) > longest_side || width * height > largest_picture)
    throw Error(
        "the picture is too large: " + std::to_string(width) + " x " + std::to_string(height),
        path.string(),
        "scale it to at most 100 million pixels and " + std::to_string(longest_side) + " a side");
}

/// PIL's convert('RGB') of 16-bit grey does not scale: it cuts the values off at 255.
inline void cut_off_at_255(std::string const& bytes, Pixels& pixels) {
  int width = 0, height = 0, own = 0;
  std::unique_ptr<stbi_us, void (*)(void*)> const grey{
      stbi_load_16_from_memory(reinterpret_cast<stbi_uc const*>(bytes.data()),
                               static_cast<int>(bytes.size()), &width, &height, &own, 1),
      stbi_image_free};
  if (!grey) return;
  for (std::size_t i = 0; i < pixels.height * pixels.width; ++i)
    std::fill_n(pixels.data.get() + 3 * i, 3,
                static_cast<stbi_uc>(std::min<stbi_us>(grey.get()[i], 255)));
}

/// The pixels as RGB.
inline Pixels decode(std::filesystem::path const& path) {
  std::string bytes = picture_bytes(path);
  check_header(bytes, path);
  bool const png = is_png(bytes), whole = png ? whole_png(bytes) : whole_jpeg(bytes);
  // A JPEG takes what its header says, which is checked.
  StbLimit const limit(png ? png_limit(bytes) : SIZE_MAX);
  int width = 0, height = 0, own = 0;
  Pixels pixels{{nullptr, stbi_image_free}, 0, 0};
  if (png && whole) fill_palette(bytes);
  if (whole)
    pixels.data.reset(stbi_load_from_memory(reinterpret_cast<stbi_uc const*>(bytes.data()),
                                            static_cast<int>(bytes.size()), &width, &height, &own,
                                            3));
  if (!pixels.data)
    throw Error("the picture is damaged or cut off", path.string(),
                "fetch the file again, or write it anew as PNG");
  pixels.height = static_cast<std::size_t>(height), pixels.width = static_cast<std::size_t>(width);
  constexpr char sixteen_bits = 16, grey = 0;
  if (png && bytes[24] == sixteen_bits && bytes[25] == grey) cut_off_at_255(bytes, pixels);
  return pixels;
}

}  // namespace detail

VLSM_INLINE Image read_image(std::filesystem::path const& path) {
  auto const pixels = detail::decode(path);
  Image image = Image::from_shape({pixels.height, pixels.width, 3});
  std::copy_n(pixels.data.get(), image.size(), image.data());
  return image;
}

VLSM_INLINE Mask read_mask(std::filesystem::path const& path) {
  auto const pixels = detail::decode(path);
  Mask mask = Mask::from_shape({pixels.height, pixels.width});
  for (std::size_t i = 0; i < mask.size(); ++i) mask.data()[i] = pixels.data.get()[3 * i];
  return mask;
}

}  // namespace vlsm
