// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "vlsm/core/error.hpp"
#include "vlsm/core/stb.hpp"
#include "vlsm/image/image.hpp"

namespace vlsm {

/// Pictures of more pixels are refused before they are decoded: a small file can claim any size.
inline constexpr long long largest_picture = 100'000'000;

namespace detail {

inline std::string picture_bytes(std::filesystem::path const& path) {
  std::error_code failed;
  auto const size = std::filesystem::file_size(path, failed);
  if (failed || !std::filesystem::is_regular_file(path))
    throw Error("the picture cannot be read", path.string(), "check that the file exists and may be read");
  if (size == 0) throw Error("the picture is empty", path.string(), "give a PNG or JPEG file");
  if (size > 1u << 30) throw Error("the picture's file is larger than 1 GiB", path.string(), "give a smaller PNG or JPEG file");
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (bytes.empty()) throw Error("the picture cannot be read", path.string(), "check that the file may be read");
  return bytes;
}

struct Pixels {
  std::unique_ptr<stbi_uc, void (*)(void*)> data;
  std::size_t height, width;
};

inline Pixels decode(std::filesystem::path const& path, int channels) {
  std::string const bytes = picture_bytes(path);
  auto const* begin = reinterpret_cast<stbi_uc const*>(bytes.data());
  auto const size = static_cast<int>(bytes.size());
  int width = 0, height = 0, own = 0;
  if (!stbi_info_from_memory(begin, size, &width, &height, &own))
    throw Error("this is no PNG or JPEG picture", path.string(), "convert it to PNG or JPEG (its name does not matter)");
  if (width <= 0 || height <= 0 || static_cast<long long>(width) * height > largest_picture)
    throw Error("the picture is too large: " + std::to_string(width) + " x " + std::to_string(height), path.string(),
                "scale it to at most 100 million pixels");
  Pixels pixels{{stbi_load_from_memory(begin, size, &width, &height, &own, channels), stbi_image_free},
                static_cast<std::size_t>(height), static_cast<std::size_t>(width)};
  if (!pixels.data) throw Error("the picture is damaged or cut off", path.string(), "fetch the file again, or write it anew as PNG");
  return pixels;
}

}  // namespace detail

/// Reads a PNG or JPEG file as RGB; an alpha channel is dropped, as PIL's convert('RGB') does.
///
/// PNG pixels equal PIL's; stb decodes JPEG with other rounding (docs/architecture.md says how much).
/// Throws Error for a missing, foreign, damaged or too large file.
inline Image read_image(std::filesystem::path const& path) {
  auto const pixels = detail::decode(path, 3);
  Image image = Image::from_shape({pixels.height, pixels.width, 3});
  std::copy_n(pixels.data.get(), image.size(), image.data());
  return image;
}

/// Reads the first channel of a PNG or JPEG file (of an RGB mask: red, as the study's loader does).
inline Mask read_mask(std::filesystem::path const& path) {
  auto const pixels = detail::decode(path, 3);
  Mask mask = Mask::from_shape({pixels.height, pixels.width});
  for (std::size_t i = 0; i < mask.size(); ++i) mask.data()[i] = pixels.data.get()[3 * i];
  return mask;
}

}  // namespace vlsm
