// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_set.hpp"
#include "vlsm/data/prepare/impl/incomplete_rows.hpp"
#include "vlsm/data/prepare/impl/splits.hpp"

// The study's own annotation lists beside the publisher's pictures.
namespace vlsm::detail {

/// The annotation rows of one split, a JSON array.
struct AnnotationList {
  std::string split;
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
};

/// All lists NAME.json of a folder, or of the anns/ in it; NAME is the split. Throws Error where
/// there is none, and for one that is not a valid annotation list.
inline std::vector<AnnotationList> read_published(std::filesystem::path folder) {
  if (io::is_folder(folder / "anns")) folder /= "anns";
  std::vector<AnnotationList> lists;
  for (std::string const& name : io::folders_in(folder))
    if (strings::ends_in(name, {".json"}))
      throw Error("this is a folder, not a list", (folder / name).string(), "take it away");
  for (std::string const& name : io::files_in(folder)) {
    if (!strings::ends_in(name, {".json"})) continue;
    std::string const path = (folder / name).string(), text = read_text_file(path);
    parse_annotations(text, path);  // checks
    lists.push_back({stem_of(name), nlohmann::ordered_json::parse(text)});
  }
  if (lists.empty())
    throw Error("the folder holds no annotation lists", folder.string(),
                "name the folder of train.json, val.json and test.json");
  return lists;
}

/// Of each picture, by its name: the splits that name it, and how often the most frequent of its
/// masks is there.
using PictureUses = std::map<std::string, std::map<std::string, int>>;

/// Takes out rows whose picture is in a split of a lower split_rank, and second rows of a mask;
/// lists of `copies` stay as they are. Returns what was taken out, as a finding.
inline Finding take_leaks_out(std::vector<AnnotationList>& lists, PictureUses const& uses,
                              std::set<std::string> const& copies) {
  Finding cleaned{"cleaned", {}, std::string(cleaned_leaks)};
  for (AnnotationList& list : lists) {
    if (copies.contains(list.split)) continue;
    std::set<std::string> seen;
    nlohmann::ordered_json kept = nlohmann::ordered_json::array();
    for (auto& row : list.rows) {
      bool before = false;
      for (auto const& [split, times] : uses.at(row["img_name"].get<std::string>()))
        before |= split_rank(split) < split_rank(list.split);
      std::string const mask = row["mask_name"];
      if (before || !seen.insert(mask).second)
        cleaned.names.push_back(list.split + ": " + mask);
      else
        kept.push_back(std::move(row));
    }
    list.rows = std::move(kept);
  }
  return cleaned;
}

/// What is odd about lists whose rows name the files as they are here: rows that are there twice
/// within a split, pictures in two splits, equal test lists. `clean` takes rows out as
/// take_leaks_out does; of equal test lists only the first one is looked at and cleaned.
inline std::vector<Finding> look_at_lists(std::vector<AnnotationList>& lists, bool clean = false) {
  std::vector<Finding> findings;
  PictureUses uses;
  std::map<std::string, std::string> first_of;  // a test list's text -> its split
  std::set<std::string> copies;
  for (AnnotationList const& list : lists) {
    // A list to train on that equals one to test on is the worst leak there is.
    if (split_rank(list.split) == 0 && !list.rows.empty()) {
      auto const [other, fresh] = first_of.emplace(list.rows.dump(), list.split);
      if (!fresh) {
        findings.push_back({"same_rows",
                            {other->second + ".json", list.split + ".json"},
                            "the test lists are equal: a copy, not a leak"});
        copies.insert(list.split);
        continue;
      }
    }
    std::map<std::string, int> rows_of_mask;
    for (auto const& row : list.rows) {
      int& times = uses[row["img_name"].get<std::string>()][list.split];
      times = std::max(times, ++rows_of_mask[row["mask_name"].get<std::string>()]);
    }
  }
  Finding twice{"twice", {}, "named twice within a split"};
  std::vector<std::pair<std::string, std::set<std::string>>> pictures;
  for (auto const& [image, splits] : uses) {
    auto& in = pictures.emplace_back(image, std::set<std::string>{}).second;
    for (auto const& [split, times] : splits) {
      in.insert(split);
      if (times > 1) twice.names.push_back(split + ": " + image);
    }
  }
  add_finding(findings, std::move(twice));
  for (Finding& finding : shared_by_splits(pictures)) findings.push_back(std::move(finding));
  if (clean) add_finding(findings, take_leaks_out(lists, uses, copies));
  return findings;
}

/// Gives the rows the names that the files have in `set`, and leaves out rows of files that it
/// lacks, and of a picture with another one's mask. Returns what is odd about the lists, as
/// look_at_lists does.
inline std::vector<Finding> match_published(std::vector<AnnotationList>& lists,
                                            SourceSet const& set, bool clean) {
  std::map<std::string, std::string> images, masks;  // by name and by stem
  auto const stem_of_path = [](std::string const& name) {
    return std::filesystem::path(name).replace_extension().string();
  };
  for (SourceImage const& image : set.images)
    for (std::string const& key : {image.name, stem_of_path(image.name)})
      images.emplace(key, image.name);
  std::set<std::pair<std::string, std::string>> pairs;  // image, mask
  for (SourceRow const& row : set.rows) {
    for (std::string const& key : {row.mask, stem_of_path(row.mask)}) masks.emplace(key, row.mask);
    pairs.emplace(set.images[row.image].name, row.mask);
  }
  auto const find = [&](auto const& names, std::string const& split, std::string const& name) {
    // CAMUS: the lists leave out the folder that keeps people of one number apart.
    std::string const folder = split.starts_with("test") ? "test/" : "train/";
    std::string const stem = stem_of_path(name);
    for (std::string const& key : {name, stem, folder + name, folder + stem})
      if (auto const found = names.find(key); found != names.end()) return found->second;
    return std::string();
  };
  Finding absent{
      "not_in_source", {}, "the lists name files that are not here: their rows were left out"};
  Finding mixed{"other_pair",
                {},
                "the lists join these masks with another picture: their rows were left out"};
  std::vector<RowLevels> rows;
  for (AnnotationList& list : lists) {
    nlohmann::ordered_json kept = nlohmann::ordered_json::array();
    for (auto& row : list.rows) {
      std::string const name = row["img_name"];
      std::string const image = find(images, list.split, name);
      std::string const mask = find(masks, list.split, row["mask_name"]);
      if (image.empty() || mask.empty()) {
        if (std::ranges::find(absent.names, name) == absent.names.end())
          absent.names.push_back(name);
        continue;
      }
      if (!pairs.contains({image, mask})) {
        mixed.names.push_back(list.split + ": " + mask);
        continue;
      }
      rows.emplace_back(list.split + ": " + mask, row);
      row["img_name"] = image;
      row["mask_name"] = mask;
      kept.push_back(std::move(row));
    }
    list.rows = std::move(kept);
  }
  auto findings = look_at_lists(lists, clean);
  add_finding(findings, std::move(absent));
  add_finding(findings, std::move(mixed));
  add_finding(findings, lacking_levels(rows));
  return findings;
}

}  // namespace vlsm::detail
