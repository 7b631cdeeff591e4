// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/data/formats/pairs.hpp"

namespace vlsm {

/// ISIC 2016, task 1 (Gutman et al. 2016): `ISBI2016_ISIC_Part1_{Training,Test}_Data/ISIC_N.jpg`
/// and `…_GroundTruth/ISIC_N_Segmentation.png`; Training becomes the split "train", Test becomes
/// "test", and one of them alone is a set, too. A picture in both is a row in each. Throws Error.
inline SourceSet read_isic(std::filesystem::path const& source) {
  namespace fs = std::filesystem;
  SourceSet set{.dataset = "isic"};
  std::string const prefix = "ISBI2016_ISIC_Part1_";
  for (auto const& [name, split] : {std::pair{"Training", "train"}, {"Test", "test"}}) {
    // Each archive may have been unpacked into a folder of its own.
    auto const find = [&](std::string const& part) {
      return detail::find_below(source, part, [&](fs::path const& folder, int) {
        return io::is_folder(folder / part) ? std::optional(folder / part) : std::nullopt;
      });
    };
    auto const data = find(prefix + name + "_Data"), truth = find(prefix + name + "_GroundTruth");
    if (!data) continue;
    fs::path const images = detail::peeled(*data),
                   masks = detail::peeled(
                       truth.value_or(data->parent_path() / (prefix + name + "_GroundTruth")));
    if (!io::is_folder(masks))
      throw Error("the masks are missing", masks.string(),
                  "download them beside " + images.filename().string() +
                      detail::unpack_hint(data->parent_path()));
    detail::add_pairs(set, images, masks, split, gray_levels, "_Segmentation");
  }
  if (set.images.empty())
    throw Error("this is not ISIC 2016 as it is published", source.string(),
                "give the folder that holds " + prefix + "Training_Data and " + prefix +
                    "Training_GroundTruth" + detail::unpack_hint(source));
  // A picture that is in both parts is written once: its second row names the first one's file.
  std::map<std::string, std::size_t> first;
  std::vector<SourceImage> images;
  for (SourceRow& row : set.rows) {
    SourceImage const& image = set.images[row.image];
    auto const [known, fresh] = first.emplace(image.name, images.size());
    if (fresh)
      images.push_back(image);
    else if (detail::read_text_file(images[known->second].file) !=
             detail::read_text_file(image.file))
      throw Error("Training and Test hold different pictures of one id", image.file.string(),
                  "one would overwrite the other: fetch the archives again");
    row.image = known->second;
  }
  set.images = std::move(images);
  return set;
}

}  // namespace vlsm
