// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/compose/recipe.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/dataset_survey.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm {

/// The pictures and masks of some rows, for models of one recipe. All masks are read once at the
/// start, since what one means follows from all of them (mask_survey.hpp). Pictures are decoded
/// and resized once and kept, up to `kept_pictures`. Any number of threads may ask.
class PicturePairs {
 public:
  static constexpr std::size_t kept_pictures = 4096;  // 1.5 GB at 352 pixels

  /// A picture and its mask at the recipe's size.
  struct Pixels {
    Image image;
    Mask mask;
  };

  /// Throws Error for missing files, naming the first and how many, and what a survey of the masks
  /// finds wrong; `where` is the rows' file.
  PicturePairs(std::filesystem::path root, std::vector<Annotation> const& rows,
               std::string const& where, Recipe const& recipe, DatasetOptions const& options)
      : root_(std::move(root)), recipe_(recipe) {
    for (Annotation const& row : rows)
      paths_.emplace_back(root_ / "images" / row.image, root_ / "masks" / row.mask);
    check_files(where);
    DatasetSurvey survey(recipe_);
    auto const small =
        survey.read(paths_.size(), kept_pictures, [&](std::size_t i) { return paths_[i]; });
    meaning_ = survey.meaning(options, (root_ / "masks").string());
    notices_ = survey.notices(meaning_);
    for (SmallMask const& mask : small) targets_.push_back(mask.apply(meaning_));
  }

  std::filesystem::path const& image_path(std::size_t index) const {
    return paths_.at(index).first;
  }
  std::filesystem::path const& mask_path(std::size_t index) const {
    return paths_.at(index).second;
  }
  Recipe const& recipe() const { return recipe_; }
  MaskMeaning const& meaning() const { return meaning_; }
  std::vector<std::string> const& notices() const { return notices_; }

  /// A mask at its picture's size: 0 to 255, from 128 on the object. Throws Error where the file
  /// has changed and can't be read.
  Mask mask(std::size_t index) const {
    std::filesystem::path const& path = mask_path(index);
    return meaning_.apply(mask_values(read_raw_picture(path), path.string()));
  }

  std::shared_ptr<Pixels const> load(std::size_t index) const {
    {
      std::lock_guard const lock(mutex_);
      if (auto const kept = cache_.find(index); kept != cache_.end()) return kept->second;
    }
    auto const pixels = std::make_shared<Pixels const>(
        Pixels{fit_image(read_image(image_path(index)), recipe_),
               targets_[index].size() ? targets_[index] : fit_mask(mask(index), recipe_)});
    std::lock_guard const lock(mutex_);
    if (cache_.size() < kept_pictures) cache_.emplace(index, pixels);
    return pixels;
  }

  /// Bytes that the pictures take once all have been asked for.
  std::size_t most_bytes() const {
    auto const side = static_cast<std::size_t>(recipe_.image);
    return std::min(paths_.size(), kept_pictures) * side * side * 5;  // the masks twice
  }

 private:
  void check_files(std::string const& where) const {
    std::vector<std::string> missing;
    for (auto const& [image, mask] : paths_)
      for (auto const& path : {image, mask}) {
        std::error_code failed;  // of a name too long for a file, say
        if (!std::filesystem::is_regular_file(path, failed)) missing.push_back(path.string());
        if (failed == std::errc::permission_denied)
          throw Error("a file cannot be looked at (" + failed.message() + ")", path.string(),
                      "check the permissions of its folder");
      }
    if (!missing.empty())
      throw Error("the annotations name " + std::to_string(missing.size()) +
                      " files that do not exist, first " + missing[0],
                  where, "add the files or take their rows out");
  }

  std::filesystem::path root_;
  Recipe recipe_;
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> paths_;
  MaskMeaning meaning_;
  std::vector<std::string> notices_;
  std::vector<Mask> targets_;  // at the recipe's size; without pixels where they are read anew
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::size_t, std::shared_ptr<Pixels const>> cache_;
};

}  // namespace vlsm
