// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_set.hpp"

// Pictures and masks that belong together by their names.
namespace vlsm::detail {

/// Which files of two folders are looked at, by their names.
struct PairKinds {
  bool (*picture)(std::string const& name) = is_picture_name;
  bool (*mask)(std::string const& name) = is_picture_name;
};

/// A name without its ending, which may be double: "a" of "a.png" and of "a.nii.gz".
inline std::string file_stem(std::string const& name) {
  return stem_of(strings::ends_in(name, {".gz"}) ? stem_of(name) : name);
}

/// A picture and a mask that share a name but for its ending (and `mask_suffix` before the mask's).
struct Pair {
  std::string stem, image, mask;  ///< the shared name; the two files' names
};

/// The masks of a folder by their pictures' stems: names without ending and `mask_suffix`. Throws
/// Error for two masks of one stem.
inline std::map<std::string, std::string> masks_by_stem(std::filesystem::path const& masks,
                                                        std::string const& mask_suffix,
                                                        PairKinds const& kinds = {}) {
  std::map<std::string, std::string> by_stem;
  for (std::string const& name : io::files_in(masks)) {
    if (!kinds.mask(name)) continue;
    std::string stem = file_stem(name);
    if (!stem.ends_with(mask_suffix)) continue;
    stem.resize(stem.size() - mask_suffix.size());
    if (auto const [other, fresh] = by_stem.emplace(stem, name); !fresh)
      throw Error("two masks differ in their ending alone: " + other->second + " and " + name,
                  masks.string(), "keep the one that belongs to the picture");
  }
  return by_stem;
}

/// The names of the pictures of a folder, in their order, without the masks in it: in the folder of
/// the masks what ends with `mask_suffix`; in another one what is called like the mask of a picture
/// that lies there, and has no mask itself. `by_stem` is masks_by_stem's.
inline std::vector<std::string> pictures_in(std::filesystem::path const& images,
                                            std::filesystem::path const& masks,
                                            std::string const& mask_suffix,
                                            std::map<std::string, std::string> const& by_stem,
                                            PairKinds const& kinds = {}) {
  std::vector<std::string> names = io::files_in(images);
  std::erase_if(names, [&](std::string const& name) { return !kinds.picture(name); });
  if (mask_suffix.empty()) return names;
  std::set<std::string> stems;
  for (std::string const& name : names) stems.insert(file_stem(name));
  bool const together = io::is_same_file(images, masks);
  std::erase_if(names, [&](std::string const& name) {
    std::string const stem = file_stem(name);
    if (!stem.ends_with(mask_suffix)) return false;
    return together || (stems.contains(stem.substr(0, stem.size() - mask_suffix.size())) &&
                        !by_stem.contains(stem));
  });
  return names;
}

/// What of two folders is passed over for its name, as findings that may be about no file: among
/// the masks what lacks their suffix ("a_mask_1.png" beside "a_mask.png"), among the pictures what
/// is not in `pictures`, those that are read.
inline std::vector<Finding> passed_over(std::filesystem::path const& images,
                                        std::filesystem::path const& masks,
                                        std::string const& mask_suffix,
                                        std::vector<std::string> const& pictures,
                                        PairKinds const& kinds) {
  Finding others{
      "not_read", {}, "the names of these in the folder of masks do not end with " + mask_suffix};
  for (std::string const& name : io::files_in(masks))
    if (kinds.mask(name) && !file_stem(name).ends_with(mask_suffix)) others.names.push_back(name);
  Finding copies{"not_read", {}, "these in the folder of pictures are masks by their names"};
  std::set<std::string> const read(pictures.begin(), pictures.end());
  for (std::string const& name : io::files_in(images))
    if (kinds.picture(name) && !read.contains(name)) copies.names.push_back(name);
  return {others, copies};
}

/// What to do about a picture without a mask: names may differ by a tail, of a mask that is no
/// other picture's. `by_stem` is masks_by_stem's, `pictures` those that there are by their stems.
inline std::string missing_mask_remedy(std::string const& stem,
                                       std::map<std::string, std::string> const& by_stem,
                                       std::map<std::string, std::string> const& pictures,
                                       std::filesystem::path const& masks) {
  // What `longer` has behind `shorter`, if that begins as a tail does.
  auto const tail = [](std::string const& longer, std::string const& shorter) {
    bool const is_tail = longer.size() > shorter.size() && longer.starts_with(shorter) &&
                         !shorter.empty() && !strings::is_letter_or_digit(longer[shorter.size()]);
    return is_tail ? longer.substr(shorter.size()) : "";
  };
  for (auto const& [other, name] : by_stem) {
    if (pictures.contains(other)) continue;
    if (std::string const suffix = tail(file_stem(name), stem); !suffix.empty())
      return "if " + name + " is its mask, say --mask-suffix " + suffix;
    if (std::string const suffix = tail(stem, other); !suffix.empty())
      return "if " + name + " is its mask, rename the pictures: without " + suffix +
             " they are called like their masks";
  }
  return "add the mask in " + masks.string() + ", or take the picture out";
}

/// The pairs of two folders, in the order of the pictures' names. Findings are masks without a
/// picture, and what lies among masks without their suffix. Throws Error for a picture without a
/// mask, two pictures or two masks that differ in their ending alone, a symlink that leads to
/// nothing, and a folder without pictures.
inline std::vector<Pair> pair_files(std::filesystem::path const& images,
                                    std::filesystem::path const& masks,
                                    std::vector<Finding>& findings,
                                    std::string const& mask_suffix = "",
                                    PairKinds const& kinds = {}) {
  auto const by_stem = masks_by_stem(masks, mask_suffix, kinds);
  std::vector<Pair> pairs;
  std::map<std::string, std::string> seen;
  std::vector<std::string> lonely;
  auto const names = pictures_in(images, masks, mask_suffix, by_stem, kinds);
  for (std::string const& name : names) {
    std::string const stem = file_stem(name);
    if (auto const [other, fresh] = seen.emplace(stem, name); !fresh)
      throw Error("two pictures differ in their ending alone: " + other->second + " and " + name,
                  images.string(), "keep the one that the mask belongs to");
    auto const mask = by_stem.find(stem);
    if (mask == by_stem.end())
      lonely.push_back(name);
    else
      pairs.push_back({stem, name, mask->second});
  }
  if (seen.empty())
    throw Error("the folder holds no pictures", images.string(),
                "unpack the publisher's archive: images/ and masks/ belong together");
  if (!lonely.empty())
    throw Error(lonely.size() == 1
                    ? "a picture has no mask"
                    : std::to_string(lonely.size()) + " pictures have no mask, the first",
                (images / lonely[0]).string(),
                missing_mask_remedy(file_stem(lonely[0]), by_stem, seen, masks));
  std::vector<std::filesystem::path> files;
  for (Pair const& pair : pairs)
    files.insert(files.end(), {images / pair.image, masks / pair.mask});
  io::check_links(files);
  if (!io::is_same_file(images, masks))
    for (Finding& finding : passed_over(images, masks, mask_suffix, names, kinds))
      add_finding(findings, std::move(finding));
  for (auto const& [stem, name] : by_stem)
    if (!seen.contains(stem))
      findings.push_back(
          {"mask_without_picture", {name}, "a mask without its picture (image) was left out"});
  return pairs;
}

}  // namespace vlsm::detail
