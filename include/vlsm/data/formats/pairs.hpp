// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/find_layout.hpp"
#include "vlsm/data/formats/pair_files.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_masks.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/volume/window.hpp"

namespace vlsm::detail {

/// Adds a row for each pair of two folders, in that split. Pictures keep their names, masks become
/// PNG; `read` reads them. Throws Error as pair_files does.
inline void add_pairs(
    SourceSet& set, std::filesystem::path const& images, std::filesystem::path const& masks,
    std::string const& split,
    std::function<SourceMask(std::filesystem::path const&)> const& read = gray_levels,
    std::string const& mask_suffix = "") {
  for (Pair const& pair : pair_files(images, masks, set.findings, mask_suffix)) {
    std::filesystem::path const mask = masks / pair.mask;
    set.rows.push_back({.split = split,
                        .image = set.images.size(),
                        .mask = pair.stem + mask_suffix + ".png",
                        .source = mask.string(),
                        .read = [mask, read] { return read(mask); }});
    set.images.push_back({.name = pair.image, .file = images / pair.image});
  }
}

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

/// Lets pictures that are TIFF be written as PNG.
inline void convert_tiffs(SourceSet& set) {
  for (SourceImage& image : set.images) {
    if (!strings::ends_in(image.name, {".tif", ".tiff"})) continue;
    image.name = stem_of(image.name) + ".png";
    image.convert = [file = image.file] { return converted_picture(file); };
  }
}

}  // namespace vlsm::detail
