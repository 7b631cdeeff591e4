// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "vlsm/data/formats/pairs.hpp"

namespace vlsm {

/// Where a user's own pictures and masks lie.
struct FolderLayout {
  std::string images = "images";  ///< folder of the pictures, below the source
  std::string masks = "masks";    ///< folder of the masks; the same one where names tell them apart
  std::string mask_suffix{};      ///< what a mask's name has behind its picture's: "_mask"
};

/// A user's own pictures and masks, paired by their names. PNG and JPEG are copied, TIFF becomes
/// PNG. Throws Error.
inline SourceSet read_folder(std::filesystem::path const& source, FolderLayout const& layout = {}) {
  SourceSet set{.dataset = "folder", .look_alikes = true};
  for (std::string const& folder : {layout.images, layout.masks})
    if (!detail::is_folder(source / folder))
      throw Error("there is no such folder", (source / folder).string(),
                  "name the folders of pictures and masks with --images and --masks");
  if (layout.images == layout.masks && layout.mask_suffix.empty())
    throw Error("pictures and masks lie in one folder", (source / layout.images).string(),
                "say how the masks' names end with --mask-suffix");
  detail::add_pairs(set, source / layout.images, source / layout.masks, "all", detail::gray_levels,
                    layout.mask_suffix);
  detail::convert_tiffs(set);
  return set;
}

}  // namespace vlsm
