// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "vlsm/base/json.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_set.hpp"

// The study's own annotation lists beside the publisher's pictures.
namespace vlsm::detail {

/// Annotation rows of one split as they are read or will be written.
struct AnnotationList {
  std::string split;
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
};

/// All lists of a folder (or of its anns/). Throws Error where there is none or one is damaged.
inline std::vector<AnnotationList> read_published(std::filesystem::path folder) {
  if (is_folder(folder / "anns")) folder /= "anns";
  std::vector<AnnotationList> lists;
  for (std::string const& name : files_in(folder)) {
    if (!ends_in(name, {".json"})) continue;
    std::string const path = (folder / name).string(), text = read_text_file(path);
    parse_annotations(text, path);  // checks
    lists.push_back({stem_of(name), nlohmann::ordered_json::parse(text)});
  }
  if (lists.empty())
    throw Error("the folder holds no annotation lists", folder.string(),
                "name the folder of train.json, val.json and test.json");
  return lists;
}

/// Gives the rows the names that the files have here; rows of files that this set lacks are left
/// out. Says what is odd about the lists: pictures named twice, in two splits, equal lists.
inline std::vector<Finding> match_published(std::vector<AnnotationList>& lists,
                                            SourceSet const& set) {
  std::map<std::string, std::string> images, masks;  // by name and by stem
  for (SourceImage const& image : set.images) {
    images.emplace(image.name, image.name);
    images.emplace(std::filesystem::path(image.name).replace_extension().string(), image.name);
  }
  for (SourceRow const& row : set.rows) {
    masks.emplace(row.mask, row.mask);
    masks.emplace(std::filesystem::path(row.mask).replace_extension().string(), row.mask);
  }
  auto const find = [](auto const& names, std::string const& split, std::string const& name) {
    // CAMUS: the lists leave out the folder that keeps people of one number apart.
    std::string const folder = split.starts_with("test") ? "test/" : "train/";
    std::string const stem = std::filesystem::path(name).replace_extension().string();
    for (std::string const& key : {name, stem, folder + name, folder + stem})
      if (auto const found = names.find(key); found != names.end()) return found->second;
    return std::string();
  };

  std::vector<Finding> findings;
  Finding absent{
      "not_in_source", {}, "the lists name files that are not here: their rows were left out"};
  std::map<std::string, std::map<std::string, int>> uses;  // picture -> split -> rows of one mask
  std::map<std::string, std::string> first_of;             // a list's text -> its split
  for (AnnotationList& list : lists) {
    bool copy = false;
    if (auto const [other, fresh] = first_of.emplace(list.rows.dump(), list.split);
        !fresh && !list.rows.empty()) {
      findings.push_back({"same_rows",
                          {other->second + ".json", list.split + ".json"},
                          "the lists are equal: a copy, not a leak"});
      copy = true;
    }
    std::map<std::string, int> rows_of_mask;
    nlohmann::ordered_json kept = nlohmann::ordered_json::array();
    for (auto& row : list.rows) {
      std::string const name = row["img_name"], mask_name = row["mask_name"];
      std::string const image = find(images, list.split, name),
                        mask = find(masks, list.split, mask_name);
      if (image.empty() || mask.empty()) {
        if (std::ranges::find(absent.names, name) == absent.names.end())
          absent.names.push_back(name);
        continue;
      }
      int const times = ++rows_of_mask[mask];
      if (!copy) uses[image][list.split] = std::max(uses[image][list.split], times);
      row["img_name"] = image;
      row["mask_name"] = mask;
      kept.push_back(std::move(row));
    }
    list.rows = std::move(kept);
  }
  Finding twice{"twice", {}, "named twice within a split"};
  std::map<std::string, Finding> shared;
  for (auto const& [image, splits] : uses) {
    std::string names;
    for (auto const& [split, times] : splits) {
      names += (names.empty() ? "" : " and ") + split;
      if (times > 1) twice.names.push_back(split + ": " + image);
    }
    if (splits.size() > 1) {
      Finding& finding =
          shared.emplace(names, Finding{"in_two_splits", {}, "in " + names}).first->second;
      finding.names.push_back(image);
    }
  }
  if (!twice.names.empty()) findings.push_back(twice);
  for (auto const& [names, finding] : shared) findings.push_back(finding);
  if (!absent.names.empty()) findings.push_back(absent);
  return findings;
}

}  // namespace vlsm::detail
