// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>

#include "vlsm/base/file/files.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_masks.hpp"

// Pictures and masks that are in the study's layout already.
namespace vlsm {

namespace detail {

/// CAMUS's structures, whose labels are 1, 2 and 3, as the prompts call them.
inline constexpr std::array<char const*, 3> camus_structures{"Left ventricular cavity",
                                                             "Myocardium", "Left atrium cavity"};

/// "Pleural Effusion" of "pleural_effusion".
inline std::string words_of(std::string name) {
  bool first = true;
  for (char& c : name) {
    if (first) c = strings::upper_case(c);
    first = c == '_';
    if (first) c = ' ';
  }
  return name;
}

}  // namespace detail

/// What a mask's path below masks/ says in the study's layout: BUSI's class ("pathology"), CAMUS's
/// structure, view and cycle, CheXlocalize's finding and view; nothing for other sets.
inline Attributes attributes_of_name(std::string const& dataset, std::string const& mask) {
  std::string const stem = std::filesystem::path(mask).stem().string();
  Attributes attributes;
  if (dataset == "busi") {
    for (char const* pathology : {"benign", "malignant", "normal"})
      if (stem.ends_with(std::string("_") + pathology)) attributes["pathology"] = pathology;
  } else if (dataset == "camus") {
    for (std::size_t i = 0; i < detail::camus_structures.size(); ++i)
      if (mask.find("mask_" + std::to_string(i + 1) + "/") != std::string::npos)
        attributes["structure"] = detail::camus_structures[i];
    for (auto const& [word, name, value] : {std::array{"_2CH_", "view", "two"},
                                            {"_4CH_", "view", "four"},
                                            {"_ED", "cycle", "diastole"},
                                            {"_ES", "cycle", "systole"}})
      if (stem.find(word) != std::string::npos) attributes[name] = value;
  } else if (dataset == "chexlocalize") {
    for (char const* view : {"frontal", "lateral"}) {
      std::string const before = std::string("_") + view + "_";
      std::size_t const at = stem.find(before);
      if (at == std::string::npos) continue;
      attributes["view"] = view;
      attributes["finding"] = detail::words_of(stem.substr(at + before.size()));
    }
  }
  return attributes;
}

/// The masks of a folder, each with the picture whose name its own begins with, the longest such:
/// `x.png` or `x_edema.png` with `x.jpg`; `x1.png` is not of `x.jpg`. All rows are of the split
/// "all". Throws Error for a mask without a picture, two pictures that differ in their ending
/// alone, one folder for both, and a folder that cannot be read.
inline SourceSet read_study_layout(std::filesystem::path const& images,
                                   std::filesystem::path const& masks, std::string const& dataset) {
  SourceSet set{.dataset = dataset};
  std::map<std::string, std::size_t> by_stem;
  if (io::is_same_file(images, masks))
    throw Error("pictures and masks are one folder", images.string(),
                "put the masks into a folder of their own");
  for (std::string const& name : detail::pictures_below(images)) {
    auto const [other, fresh] = by_stem.emplace(
        std::filesystem::path(name).replace_extension().string(), set.images.size());
    if (!fresh)
      throw Error("two pictures differ in their ending alone: " + set.images[other->second].name +
                      " and " + name,
                  images.string(), "keep the one that the mask belongs to");
    set.images.push_back({.name = name, .file = images / name});
  }
  for (std::string const& name : detail::pictures_below(masks)) {
    // CAMUS: train/mask_1/x_gt.png is of train/x.png.
    std::filesystem::path folder = std::filesystem::path(name).parent_path();
    if (folder.filename().string().starts_with("mask_")) folder = folder.parent_path();
    std::string const stem = (folder / detail::stem_of(name)).string();
    auto const ends_word = [&](std::size_t size) {
      return size == stem.size() || !strings::in_word(stem[size]);
    };
    auto found = by_stem.end();
    for (std::size_t size = stem.size(); size > 0 && found == by_stem.end(); --size)
      if (ends_word(size)) found = by_stem.find(stem.substr(0, size));
    if (found == by_stem.end())
      throw Error("no picture's name begins this mask's", (masks / name).string(),
                  "give each mask its picture's name, as it is or with more behind it");
    std::filesystem::path const file = masks / name;
    set.rows.push_back({.split = "all",
                        .image = found->second,
                        .mask = name,
                        .source = file.string(),
                        .read = [file] { return gray_levels(file); },
                        .attributes = attributes_of_name(dataset, name)});
  }
  return set;
}

}  // namespace vlsm
