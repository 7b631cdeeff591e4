// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/data/formats/pairs.hpp"

namespace vlsm {

/// DFUC 2022 (Kendrick et al. 2022): `DFUC2022_train_release/DFUC2022_train_{images/N.jpg,
/// masks/N.png}`; masks hold 0 and 1, or 0 and 255. The validation and test releases have no
/// masks. Throws Error.
inline SourceSet read_dfu(std::filesystem::path const& source) {
  namespace fs = std::filesystem;
  SourceSet set{.dataset = "dfu"};
  fs::path const root = detail::find_layout(
      source, {"DFUC2022_train_release", ""}, {"DFUC2022_train_images", "DFUC2022_train_masks"},
      "DFUC 2022", "DFUC2022_train_release/DFUC2022_train_images and DFUC2022_train_masks");
  detail::add_pairs(set, detail::peeled(root / "DFUC2022_train_images"),
                    detail::peeled(root / "DFUC2022_train_masks"), "all");
  for (char const* release : {"DFUC2022_val_release", "DFUC2022_test_release"}) {
    Finding left_out{"left_out", {}, "that release has no masks"};
    if (io::is_folder(source / release))
      for (std::string const& name : detail::pictures_below(source / release))
        left_out.names.push_back(std::string(release) + "/" + name);
    detail::add_finding(set.findings, std::move(left_out));
  }
  return set;
}

}  // namespace vlsm
