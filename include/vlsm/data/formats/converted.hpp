// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>

#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/volume/window.hpp"

// Pictures that are written anew, since the study's layout does not hold their kind.
namespace vlsm::detail {

/// A picture's file as 8 bits, [H, W, 3]. Gray of 16 bits is scaled as the frames of volumes are
/// (window_of): read_image would make all levels above 255 white. Throws Error for a file that
/// cannot be read.
inline Image converted_picture(std::filesystem::path const& file) {
  if (!is_clipped(read_picture_header(file))) return read_image(file);
  RawPicture const raw = read_raw_picture(file);
  Frame const frame{raw.height, raw.width, {raw.words.begin(), raw.words.end()}};
  Window const window = window_of(
      1, [&](std::size_t) -> Frame const& { return frame; }, file.string());
  return as_image(levels_of(frame, window));
}

}  // namespace vlsm::detail
