// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/find_layout.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_masks.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm {

namespace detail {

/// The union [H, W] of a picture's masks, at least one. Throws Error for one that cannot be read or
/// is of another size than the first.
inline SourceMask union_of(std::vector<std::filesystem::path> const& files) {
  SourceMask all = gray_levels(files[0]);
  for (std::size_t i = 1; i < files.size(); ++i) {
    SourceMask const one = gray_levels(files[i]);
    if (one.levels.shape() != all.levels.shape())
      throw Error("a picture's masks differ in size: " +
                      strings::size_text(one.levels.shape(1), one.levels.shape(0)) + " against " +
                      strings::size_text(all.levels.shape(1), all.levels.shape(0)),
                  files[i].string(), "fetch the archive again");
    for (std::size_t p = 0; p < all.levels.size(); ++p)
      all.levels.data()[p] = std::max(all.levels.data()[p], one.levels.data()[p]);
    if (all.doubt.empty()) all.doubt = one.doubt;
  }
  return all;
}

/// The mask of a picture of this class; in doubt where a normal picture has an object. Throws Error
/// as union_of does.
inline SourceMask busi_mask(std::vector<std::filesystem::path> const& files,
                            std::string const& pathology) {
  SourceMask mask = union_of(files);
  if (pathology == "normal" && mask.doubt.empty() &&
      std::ranges::any_of(mask.levels, [](std::uint8_t level) { return level >= 128; }))
    mask.doubt = "its class is normal, and it holds an object: the prompts are those of a tumor";
  return mask;
}

/// The number of a mask among its picture's, by the end of its name: 0 of "_mask", 2 of "_mask_2".
/// Throws Error for other ends.
inline int busi_mask_number(std::string const& end, std::filesystem::path const& file) {
  std::string const digits =
      end == "_mask" ? "0" : end.substr(std::min<std::size_t>(6, end.size()));
  auto const number = strings::parse_number<int>(digits);
  if (!number || *number < 0)
    throw Error("a mask's name is none of BUSI's", file.string(),
                "they end in \"_mask.png\" and \"_mask_1.png\"");
  return *number;
}

/// The files of one of BUSI's folders: "benign (1)" is the stem of a picture and of its masks.
struct BusiFolder {
  std::vector<std::string> stems;               ///< of the pictures, in natural order
  std::map<std::string, std::string> pictures;  ///< file names by stem
  /// By stem, then by busi_mask_number.
  std::map<std::string, std::map<int, std::filesystem::path>> masks;

  /// Throws Error for two files that differ in their ending alone, a mask's name that is not formed
  /// as BUSI's are, and a symlink that leads to nothing.
  explicit BusiFolder(std::filesystem::path const& folder) {
    std::vector<std::filesystem::path> files;
    for (std::string const& name : io::files_in(folder)) {
      if (!is_picture_name(name)) continue;
      files.push_back(folder / name);
      std::string const stem = stem_of(name);
      std::size_t const end = stem.rfind("_mask");
      bool fresh = true;
      if (end == std::string::npos) {
        fresh = pictures.emplace(stem, name).second;
        if (fresh) stems.push_back(stem);
      } else {
        int const number = busi_mask_number(stem.substr(end), folder / name);
        fresh = masks[stem.substr(0, end)].emplace(number, folder / name).second;
      }
      if (!fresh)
        throw Error("two files differ in their ending alone", (folder / name).string(),
                    "keep the one that belongs to the set");
    }
    io::check_links(files);
  }
};

/// "1" of the picture "benign (1).png" in the folder of that class. Throws Error for other names.
inline std::string busi_number(std::string const& stem, std::string const& pathology,
                               std::filesystem::path const& file) {
  std::size_t const open = stem.find('('), close = stem.find(')');
  if (open == std::string::npos || close == std::string::npos || close < open + 2 ||
      !strings::lower_case(stem).starts_with(pathology))
    throw Error("a picture's name is none of BUSI's", file.string(),
                "in this folder they are called \"" + pathology + " (1).png\"");
  return stem.substr(open + 1, close - open - 1);
}

/// Adds the pictures of a class. Throws Error for a picture that lacks a mask.
inline void add_busi_folder(SourceSet& set, std::filesystem::path const& folder,
                            std::string const& pathology) {
  BusiFolder found(folder);
  for (std::string const& stem : found.stems) {
    std::filesystem::path const picture = folder / found.pictures[stem];
    std::string const written = busi_number(stem, pathology, picture) + "_" + pathology + ".png";
    auto const masks = found.masks.find(stem);
    if (masks == found.masks.end())
      throw Error("a picture has no mask", picture.string(),
                  "add \"" + stem + "_mask.png\", or take the picture out");
    std::vector<std::filesystem::path> files;
    for (auto const& [number, file] : masks->second) {
      if (number != static_cast<int>(files.size()))
        throw Error("a picture lacks one of its masks", picture.string(),
                    "add \"" + stem + "_mask" +
                        (files.empty() ? "" : "_" + std::to_string(files.size())) + ".png\"");
      files.push_back(file);
    }
    set.rows.push_back({.split = "all",
                        .image = set.images.size(),
                        .mask = written,
                        .source = files[0].string(),
                        .read = [files, pathology] { return busi_mask(files, pathology); },
                        .attributes = {{"pathology", pathology}}});
    set.images.push_back({.name = written, .file = picture});
    found.masks.erase(masks);
  }
  for (auto const& [stem, files] : found.masks)
    set.findings.push_back({"mask_without_picture",
                            {files.begin()->second.filename().string()},
                            "a mask without its picture was left out"});
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
  Finding absent{"missing_folder", {}, "a folder of the publisher's is not here"};
  for (std::string const pathology : {"benign", "malignant", "normal"}) {
    std::filesystem::path const folder = io::in_any_case(root / pathology);
    if (io::is_folder(folder))
      detail::add_busi_folder(set, detail::peeled(folder), pathology);
    else
      absent.names.push_back(pathology);
  }
  detail::add_finding(set.findings, std::move(absent));
  if (set.images.empty())
    throw Error("the folder holds no pictures", root.string(), "unpack the publisher's archive");
  return set;
}

}  // namespace vlsm
