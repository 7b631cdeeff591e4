// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Parallel.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serve/below.hpp"
#include "serve/http.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/mask_survey.hpp"
#include "vlsm/image/read.hpp"

namespace tool::serve {

/// A data set in the study's layout, to be looked through. Splits and rows are known by name and
/// number from what was read at the start; nothing of a request becomes a path.
class DataFolder {
 public:
  /// Reads the annotations of all splits; `mask` says which value is the object. A file beside them
  /// that is none is left out, and `tell` hears why. Throws Error where there are none.
  DataFolder(
      std::filesystem::path root, std::optional<vlsm::MaskChoice> mask,
      std::function<void(std::string const&)> const& tell = [](std::string const&) {})
      : root_(std::move(root)), mask_(std::move(mask)) {
    std::error_code ignored;
    std::string first;  // what was wrong
    for (auto const& entry : std::filesystem::directory_iterator(root_ / "anns", ignored)) try {
        if (entry.path().extension() == ".json")
          splits_[entry.path().stem().string()] = vlsm::read_annotations(entry.path());
      } catch (vlsm::Error const& e) {
        if (first.empty()) first = e.what();
        tell(std::string("left out: ") + e.what());
      }
    if (splits_.empty())
      throw vlsm::Error("there are no annotations" + (first.empty() ? "" : " (" + first + ")"),
                        (root_ / "anns").string(),
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
      throw vlsm::Error("the picture cannot be read", row(split, index).image,
                        "check the data set's images/");
    return *std::move(bytes);
  }
  /// Why a row has no ground truth, in a line that names no path of this machine; empty: it has
  /// one. What masks mean follows from all of the split's that can be read, which are read when the
  /// first is asked for; a row with files of its own suffers from no other row's.
  std::string trouble(std::string const& split, std::size_t index) {
    row(split, index);  // throws where there is none
    Truths const& truths = truths_of(split);
    return truths.rows[index].empty() ? truths.trouble : truths.rows[index];
  }
  /// A row's mask at its picture's size, 0 and 255. Throws Refusal (422) where `trouble` has a
  /// line, or the file has changed and cannot be read.
  vlsm::Mask truth(std::string const& split, std::size_t index) {
    std::string line = trouble(split, index);
    if (line.empty()) try {
        vlsm::Mask mask = truths_of(split).meaning.apply(values(row(split, index)));
        for (std::uint8_t& level : mask) level = level >= 128 ? 255 : 0;
        return mask;
      } catch (vlsm::Error const& e) {
        line = below(root_, e.what());
      }
    throw Refusal(422, line, "", "");
  }

 private:
  /// What a split's masks are.
  struct Truths {
    vlsm::MaskMeaning meaning{};
    std::string trouble{};            ///< of all; empty: none
    std::vector<std::string> rows{};  ///< of each
  };

  vlsm::MaskValues values(vlsm::Annotation const& row) const {
    std::filesystem::path const path = root_ / "masks" / row.mask;
    return vlsm::mask_values(vlsm::read_raw_picture(path), path.string());
  }

  vlsm::MaskSurvey::File survey(vlsm::Annotation const& row) const {
    vlsm::MaskValues const mask = values(row);
    auto const picture = vlsm::read_picture_header(root_ / "images" / row.image);
    if (mask.height != picture.height || mask.width != picture.width)
      throw vlsm::Error("the mask has another size than its picture", "masks/" + row.mask,
                        "give it its picture's size");
    return vlsm::MaskSurvey::file_of(mask, row.mask);
  }

  Truths find_truths(std::vector<vlsm::Annotation> const& rows) const {
    Truths truths{.rows = std::vector<std::string>(rows.size())};
    std::vector<vlsm::MaskSurvey::File> files(rows.size());
    at::parallel_for(0, static_cast<std::int64_t>(rows.size()), 1,
                     [&](std::int64_t from, std::int64_t to) {
                       for (auto i = static_cast<std::size_t>(from); i < std::size_t(to); ++i) try {
                           files[i] = survey(rows[i]);
                         } catch (std::exception const& e) {
                           truths.rows[i] = below(root_, e.what());
                         }
                     });
    vlsm::MaskSurvey all;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (truths.rows[i].empty()) all.add(std::move(files[i]));
    try {
      truths.meaning = all.meaning(mask_, /*allow_empty=*/true, "masks");
      if (mask_ && !all.has_object(truths.meaning))
        throw vlsm::Error(truths.meaning.notice, "masks", "give --mask-value another value");
    } catch (vlsm::Error const& e) {
      truths.trouble = e.what();
    }
    return truths;
  }

  Truths const& truths_of(std::string const& split) {
    std::lock_guard const lock(mutex_);
    auto const known = truths_.find(split);
    if (known != truths_.end()) return known->second;
    return truths_.emplace(split, find_truths(rows(split))).first->second;
  }

  std::filesystem::path root_;
  std::optional<vlsm::MaskChoice> mask_;
  std::map<std::string, std::vector<vlsm::Annotation>> splits_;
  std::mutex mutex_;
  std::map<std::string, Truths> truths_;  // of those asked for, what failed with them
};

}  // namespace tool::serve
