// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "vlsm/data/formats/converted.hpp"
#include "vlsm/data/formats/find_layout.hpp"
#include "vlsm/data/formats/pair_files.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_masks.hpp"

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

/// Lets pictures that are TIFF be written as PNG.
inline void convert_tiffs(SourceSet& set) {
  for (SourceImage& image : set.images) {
    if (!ends_in(image.name, {".tif", ".tiff"})) continue;
    image.name = stem_of(image.name) + ".png";
    image.convert = [file = image.file] { return converted_picture(file); };
  }
}

}  // namespace vlsm::detail
