// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serve/http.hpp"
#include "vlsm/base/file/read_file.hpp"
#include "vlsm/data/folder_dataset.hpp"

namespace tool::serve {

/// A data set in the study's layout, to be looked through. Splits and rows are known by name and
/// number from what was read at the start; nothing of a request becomes a path.
class DataFolder {
 public:
  /// Reads the annotations of all splits; `mask` says which value is the object. Throws Error where
  /// there are none, or a file is none.
  DataFolder(std::filesystem::path root, vlsm::Recipe const& recipe,
             std::optional<vlsm::MaskChoice> mask)
      : root_(std::move(root)), recipe_(recipe), mask_(std::move(mask)) {
    std::error_code ignored;
    for (auto const& entry : std::filesystem::directory_iterator(root_ / "anns", ignored))
      if (entry.path().extension() == ".json")
        splits_[entry.path().stem().string()] = vlsm::read_annotations(entry.path());
    if (splits_.empty())
      throw vlsm::Error("there are no annotations", (root_ / "anns").string(),
                        "give a folder with images/, masks/ and anns/SPLIT.json");
  }

  /// The folder's own name.
  std::string name() const {
    std::error_code ignored;
    return std::filesystem::canonical(root_, ignored).filename().string();
  }
  /// The splits and how many rows each has.
  std::vector<std::pair<std::string, std::size_t>> splits() const {
    std::vector<std::pair<std::string, std::size_t>> list;
    for (auto const& [name, rows] : splits_) list.emplace_back(name, rows.size());
    return list;
  }
  /// Throws Refusal (404) for a split that is not there.
  std::vector<vlsm::Annotation> const& rows(std::string const& split) const {
    auto const found = splits_.find(split);
    if (found == splits_.end())
      throw Refusal(404, "there is no such split", "split", "see /v1/data for their names");
    return found->second;
  }
  /// Throws Refusal (404) for a row that is not there.
  vlsm::Annotation const& row(std::string const& split, std::size_t index) const {
    auto const& all = rows(split);
    if (index >= all.size())
      throw Refusal(
          404, "there is no row " + std::to_string(index) + " of " + std::to_string(all.size()),
          "row", "count them from 0");
    return all[index];
  }
  /// The bytes of a row's picture. Throws Error where they cannot be read.
  std::string picture(std::string const& split, std::size_t index) const {
    std::filesystem::path const path = root_ / "images" / row(split, index).image;
    auto bytes = vlsm::io::read_whole_file(path);
    if (!bytes)
      throw vlsm::Error("the picture cannot be read", path.filename().string(),
                        "check the data set's images/");
    return *std::move(bytes);
  }
  /// Whether a row's mask is there.
  bool has_truth(std::string const& split, std::size_t index) const {
    std::error_code ignored;
    return std::filesystem::is_regular_file(root_ / "masks" / row(split, index).mask, ignored);
  }
  /// A row's mask at its picture's size, 0 and 255. What masks mean follows from all of the split,
  /// which are read when the first is asked for. Throws Error as FolderDataset does.
  vlsm::Mask truth(std::string const& split, std::size_t index) {
    row(split, index);  // throws where there is none
    vlsm::Mask mask = masks_of(split).mask(index);
    for (std::uint8_t& level : mask) level = level >= 128 ? 255 : 0;
    return mask;
  }

 private:
  vlsm::FolderDataset const& masks_of(std::string const& split) {
    std::lock_guard const lock(mutex_);
    auto& masks = masks_[split];
    if (!masks)
      masks = std::make_unique<vlsm::FolderDataset const>(
          root_, split, "", recipe_, vlsm::DatasetOptions{.mask = mask_, .allow_empty = true});
    return *masks;
  }

  std::filesystem::path root_;
  vlsm::Recipe recipe_;
  std::optional<vlsm::MaskChoice> mask_;
  std::map<std::string, std::vector<vlsm::Annotation>> splits_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<vlsm::FolderDataset const>> masks_;  // once asked for
};

}  // namespace tool::serve
