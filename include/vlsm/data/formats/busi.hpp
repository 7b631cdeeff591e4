// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vlsm/data/formats/find_layout.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_masks.hpp"

namespace vlsm {

namespace detail {

/// The union of a picture's masks. Throws Error for one of another size than the first.
inline SourceMask union_of(std::vector<std::filesystem::path> const& files) {
  SourceMask all = gray_levels(files[0]);
  for (std::size_t i = 1; i < files.size(); ++i) {
    SourceMask const one = gray_levels(files[i]);
    if (one.levels.shape() != all.levels.shape())
      throw Error("a picture's masks differ in size: " +
                      size_text(one.levels.shape(1), one.levels.shape(0)) + " against " +
                      size_text(all.levels.shape(1), all.levels.shape(0)),
                  files[i].string(), "fetch the archive again");
    for (std::size_t p = 0; p < all.levels.size(); ++p)
      all.levels.data()[p] = std::max(all.levels.data()[p], one.levels.data()[p]);
    if (all.doubt.empty()) all.doubt = one.doubt;
  }
  return all;
}

}  // namespace detail

/// BUSI (Al-Dhabyani et al. 2020): `Dataset_BUSI_with_GT/CLASS/CLASS (N).png` and its masks
/// `CLASS (N)_mask.png`, `_mask_1.png`, …, which are united. Written as `N_CLASS.png`; the class is
/// the attribute `pathology`. Throws Error.
inline SourceSet read_busi(std::filesystem::path const& source) {
  namespace fs = std::filesystem;
  SourceSet set{.dataset = "busi", .look_alikes = true};
  fs::path const root =
      detail::find_layout(source, {"Dataset_BUSI_with_GT", "Dataset_BUSI/Dataset_BUSI_with_GT", ""},
                          {"benign"}, "BUSI", "Dataset_BUSI_with_GT/benign, malignant and normal");
  for (std::string const pathology : {"benign", "malignant", "normal"}) {
    fs::path const folder = detail::peeled(root / pathology);
    if (!detail::is_folder(folder)) continue;
    std::map<std::string, std::vector<fs::path>> masks;  // of "benign (1)"
    std::vector<std::string> pictures;
    for (std::string const& name : detail::files_in(folder)) {
      if (!detail::is_picture_name(name)) continue;
      std::size_t const mask = name.rfind("_mask");
      if (mask == std::string::npos)
        pictures.push_back(name);
      else
        masks[name.substr(0, mask)].push_back(folder / name);
    }
    for (std::string const& name : pictures) {
      std::string const stem = detail::stem_of(name);
      std::size_t const open = stem.find('('), close = stem.find(')');
      if (open == std::string::npos || close == std::string::npos || close < open + 2)
        throw Error("a picture's name is none of BUSI's", (folder / name).string(),
                    "they are called \"" + pathology + " (1).png\"");
      auto const own = masks.find(stem);
      if (own == masks.end())
        throw Error("a picture has no mask", (folder / name).string(),
                    "add \"" + stem + "_mask.png\", or take the picture out");
      std::string const written =
          stem.substr(open + 1, close - open - 1) + "_" + pathology + ".png";
      set.rows.push_back({.split = "all",
                          .image = set.images.size(),
                          .mask = written,
                          .source = own->second[0].string(),
                          .read = [files = own->second] { return detail::union_of(files); },
                          .attributes = {{"pathology", pathology}}});
      set.images.push_back({.name = written, .file = folder / name});
      masks.erase(own);
    }
    for (auto const& [stem, files] : masks)
      set.findings.push_back({"mask_without_picture",
                              {files[0].filename().string()},
                              "a mask without its picture was left out"});
  }
  if (set.images.empty())
    throw Error("the folder holds no pictures", root.string(), "unpack the publisher's archive");
  return set;
}

}  // namespace vlsm
