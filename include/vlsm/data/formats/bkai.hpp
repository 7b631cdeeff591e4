// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/data/formats/pairs.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm {

/// BKAI-IGH NeoPolyp: `train/train/ID.jpeg`, `train_gt/train_gt/ID.jpeg`. Masks are red
/// (neoplastic) and green (not), with JPEG noise: either is a polyp, and attributes follow from the
/// two-valued mask. The pictures of `test/` have no masks. Throws Error.
inline SourceSet read_bkai(std::filesystem::path const& source) {
  namespace fs = std::filesystem;
  SourceSet set{.dataset = "bkai_polyp"};
  bool const alone = io::is_folder(source / "train");
  fs::path const root =
      alone ? source
            : detail::find_layout(source, {"bkai-igh-neopolyp", ""}, {"train", "train_gt"},
                                  "BKAI-IGH NeoPolyp", "train/ and train_gt/");
  fs::path const images = detail::peeled(root / "train"), masks = detail::peeled(root / "train_gt");
  if (!io::is_folder(masks))
    throw Error("the masks are missing", masks.string(),
                "download train_gt, which is an archive of its own, beside train" +
                    detail::unpack_hint(root));
  detail::add_pairs(set, images, masks, "all", detail::red_or_green);
  fs::path const test = detail::peeled(root / "test");
  Finding left_out{"left_out", {}, "the publisher's test pictures have no masks"};
  if (io::is_folder(test))
    for (std::string const& name : io::files_in(test))
      if (is_picture_name(name))
        left_out.names.push_back(fs::relative(test / name, root).generic_string());
  detail::add_finding(set.findings, std::move(left_out));
  return set;
}

}  // namespace vlsm
