// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
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

/// Which of a picture's masks a name's end means: 0 of "_mask", 2 of "_mask_2". Throws Error.
inline int busi_mask_number(std::string const& end, std::filesystem::path const& file) {
  std::string const digits =
      end == "_mask" ? "0" : end.substr(std::min<std::size_t>(6, end.size()));
  int number = -1;
  auto const [stop, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failed != std::errc() || stop != digits.data() + digits.size() || number < 0)
    throw Error("a mask's name is none of BUSI's", file.string(),
                "they end in \"_mask.png\" and \"_mask_1.png\"");
  return number;
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
    std::map<std::string, std::map<int, fs::path>> masks;  // of "benign (1)", by their numbers
    std::map<std::string, std::string> pictures;           // by stem
    std::vector<std::string> order;
    for (std::string const& name : detail::files_in(folder)) {
      if (!detail::is_picture_name(name)) continue;
      std::string const stem = detail::stem_of(name);
      std::size_t const mask = stem.rfind("_mask");
      bool fresh = true;
      if (mask == std::string::npos) {
        fresh = pictures.emplace(stem, name).second;
        if (fresh) order.push_back(stem);
      } else {
        fresh =
            masks[stem.substr(0, mask)]
                .emplace(detail::busi_mask_number(stem.substr(mask), folder / name), folder / name)
                .second;
      }
      if (!fresh)
        throw Error("two files differ in their ending alone", (folder / name).string(),
                    "keep the one that belongs to the set");
    }
    for (std::string const& stem : order) {
      std::string const& name = pictures[stem];
      std::size_t const open = stem.find('('), close = stem.find(')');
      if (open == std::string::npos || close == std::string::npos || close < open + 2 ||
          !detail::lower_case(stem).starts_with(pathology))
        throw Error("a picture's name is none of BUSI's", (folder / name).string(),
                    "in this folder they are called \"" + pathology + " (1).png\"");
      auto const own = masks.find(stem);
      if (own == masks.end())
        throw Error("a picture has no mask", (folder / name).string(),
                    "add \"" + stem + "_mask.png\", or take the picture out");
      std::vector<fs::path> files;
      for (auto const& [number, file] : own->second) {
        if (number != static_cast<int>(files.size()))
          throw Error("a picture lacks one of its masks", (folder / name).string(),
                      "add \"" + stem + "_mask" +
                          (files.empty() ? "" : "_" + std::to_string(files.size())) + ".png\"");
        files.push_back(file);
      }
      std::string const written =
          stem.substr(open + 1, close - open - 1) + "_" + pathology + ".png";
      set.rows.push_back({.split = "all",
                          .image = set.images.size(),
                          .mask = written,
                          .source = files[0].string(),
                          .read = [files] { return detail::union_of(files); },
                          .attributes = {{"pathology", pathology}}});
      set.images.push_back({.name = written, .file = folder / name});
      masks.erase(own);
    }
    for (auto const& [stem, files] : masks)
      set.findings.push_back({"mask_without_picture",
                              {files.begin()->second.filename().string()},
                              "a mask without its picture was left out"});
  }
  if (set.images.empty())
    throw Error("the folder holds no pictures", root.string(), "unpack the publisher's archive");
  return set;
}

}  // namespace vlsm
