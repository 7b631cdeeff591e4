// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/pairs.hpp"

namespace vlsm {

namespace detail {

/// Whether a name is of digits alone.
inline bool is_number(std::string const& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

/// "12" of the mask "p12.tif"; empty for other names.
inline std::string number_of_tiff_mask(std::string const& name) {
  std::string const stem = stem_of(name);
  bool const mask = strings::ends_in(name, {".tif", ".tiff"}) && stem.starts_with('p') &&
                    is_number(stem.substr(1));
  return mask ? stem.substr(1) : "";
}

/// The folders of pictures and of masks, which may be one, of a set (ETIS-LaribPolypDB,
/// CVC-ColonDB) as its authors published it; nothing where `source` holds it in another layout.
inline std::optional<std::pair<std::filesystem::path, std::filesystem::path>> find_numbered_tiffs(
    std::filesystem::path const& source, std::string const& set) {
  auto const has_masks = [](std::filesystem::path const& folder) {
    return io::is_folder(folder) && std::ranges::any_of(io::files_in(folder), [](auto const& name) {
             return !number_of_tiff_mask(name).empty();
           });
  };
  auto const look = [&](std::filesystem::path const& folder,
                        int depth) -> std::optional<std::filesystem::path> {
    for (std::filesystem::path const& root : {folder / set, folder}) {
      if (root == folder && depth > 0) continue;
      if (io::is_folder(root / "Ground Truth") || has_masks(root)) return root;
    }
    return std::nullopt;
  };
  auto const root = find_below(source, set, look);
  if (!root) return std::nullopt;
  return std::pair{*root, has_masks(*root) ? *root : peeled(*root / "Ground Truth")};
}

/// Adds a row for each picture N.tif, whose mask is pN.tif in `masks`; a third kind of file, cpN,
/// holds contours. Pictures become PNG. Throws Error for a picture without a mask, and where there
/// is no picture.
inline void add_numbered_tiffs(SourceSet& set, std::filesystem::path const& images,
                               std::filesystem::path const& masks) {
  std::map<std::string, std::filesystem::path> by_number;
  for (std::string const& name : io::files_in(masks))
    if (std::string const number = number_of_tiff_mask(name); !number.empty())
      by_number[number] = masks / name;
  for (std::string const& name : io::files_in(images)) {
    std::string const stem = stem_of(name);
    if (!strings::ends_in(name, {".tif", ".tiff"}) || !is_number(stem)) continue;
    auto const mask = by_number.find(stem);
    if (mask == by_number.end())
      throw Error("a picture has no mask", (images / name).string(),
                  "its mask is called p" + name + ", in " + masks.string());
    std::filesystem::path const file = images / name;
    io::check_links({file, mask->second});
    set.rows.push_back({.split = "all",
                        .image = set.images.size(),
                        .mask = stem + ".png",
                        .source = mask->second.string(),
                        .read = [path = mask->second] { return gray_levels(path); }});
    set.images.push_back({.name = stem + ".png", .file = file, .convert = [file] {
                            return converted_picture(file);
                          }});
  }
  if (set.images.empty())
    throw Error("the folder holds no pictures", images.string(), "they are called 1.tif, 2.tif, …");
}

}  // namespace detail

/// CVC-300, CVC-ColonDB and ETIS-LaribPolypDB of the test bundle that PraNet (Fan et al. 2020)
/// published: `TestDataset/FOLDER/{images,masks}/N.png`; of ETIS and ColonDB the originals, too:
/// `N.tif` (`N.tiff`) and `Ground Truth/pN.tif` or `pN.tiff`. `dataset` is "cvc300_polyp",
/// "colondb_polyp" or "etis_polyp". Pictures of CVC-300 that ColonDB holds as well are a finding.
/// Throws Error.
inline SourceSet read_polyp_bundle(std::filesystem::path const& source,
                                   std::string const& dataset) {
  namespace fs = std::filesystem;
  SourceSet set{.dataset = dataset};
  std::string const folder = dataset == "cvc300_polyp"    ? "CVC-300"
                             : dataset == "colondb_polyp" ? "CVC-ColonDB"
                                                          : "ETIS-LaribPolypDB";
  if (auto const original = detail::find_numbered_tiffs(source, folder)) {
    detail::add_numbered_tiffs(set, original->first, original->second);
    return set;
  }
  std::string const inside = "TestDataset/" + folder;
  auto const root = detail::find_layout(
      source, {inside, folder, detail::folder_name(source) == folder ? "" : folder},
      {"images", "masks"}, folder, inside + "/images and " + inside + "/masks",
      detail::Names::common);
  detail::add_pairs(set, detail::peeled(root / "images"), detail::peeled(root / "masks"), "all");
  fs::path const other = root.parent_path() / "CVC-ColonDB" / "images";
  if (dataset != "cvc300_polyp" || !io::is_folder(other)) return set;
  Finding same{"same_as_other_set",
               {},
               "the same files as in CVC-ColonDB: pooling or testing both counts them twice"};
  for (SourceImage const& image : set.images)
    if (io::is_file(other / image.name) &&
        detail::read_text_file(other / image.name) == detail::read_text_file(image.file))
      same.names.push_back(image.name);
  detail::add_finding(set.findings, std::move(same));
  return set;
}

}  // namespace vlsm
