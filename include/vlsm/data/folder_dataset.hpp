// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "vlsm/base/error.hpp"
#include "vlsm/compose/recipe.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/dataset.hpp"
#include "vlsm/data/dataset_survey.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"

namespace vlsm {

/// One split of a data set on disk, in the layout of the study: `images/`, `masks/`,
/// `anns/SPLIT.json`. All masks are read once at the start, since what one means follows from all
/// of them (mask_meaning.hpp). Pictures are decoded and resized once and kept, up to
/// `kept_pictures`.
class FolderDataset : public Dataset {
 public:
  static constexpr std::size_t kept_pictures = 4096;  // 1.5 GB at 352 pixels

  /// `level` is a prompt level of the annotations ("p6"); "random": a level from p1 on, drawn anew
  /// each time; or empty: no prompts, for models that read none. Throws Error at once for missing
  /// files and missing prompts, for masks of another size than their pictures, for masks of several
  /// classes without a choice and for a split without any object, naming the first and how many.
  FolderDataset(std::filesystem::path root, std::string const& split, std::string level,
                Recipe const& recipe, DatasetOptions const& options = {})
      : root_(std::move(root)),
        level_(std::move(level)),
        recipe_(recipe),
        rows_(read_annotations(root_ / "anns" / (split + ".json"))) {
    if (options.rewrite) options.rewrite(rows_);
    check(split);
    survey(options);
  }

  std::size_t size() const override { return rows_.size(); }
  Annotation const& row(std::size_t index) const { return rows_.at(index); }
  std::filesystem::path image_path(std::size_t index) const {
    return root_ / "images" / rows_.at(index).image;
  }
  std::filesystem::path mask_path(std::size_t index) const {
    return root_ / "masks" / rows_.at(index).mask;
  }

  Example at(std::size_t index, Random& random) const override {
    auto const pixels = load(index);
    return {.name = rows_[index].mask,
            .prompt = prompt(index, random),
            .image = to_tensor(pixels->image, recipe_.normalize),
            .mask = to_tensor(pixels->mask)};
  }

  /// A mask at its picture's size, read by its meaning: 0 to 255, from 128 on the object. Throws
  /// Error where the file has changed and can't be read.
  Mask mask(std::size_t index) const override {
    std::filesystem::path const path = mask_path(index);
    return meaning_.apply(mask_values(read_raw_picture(path), path.string()));
  }
  MaskMeaning const& meaning() const { return meaning_; }

  /// What a user should know of this split, a line each: what was taken for the object, pictures
  /// with an orientation that is not applied, that are clipped or squeezed.
  std::vector<std::string> const& notices() const { return notices_; }

 private:
  struct Pixels {  // of the recipe's size
    Image image;
    Mask mask;
  };

  std::string prompt(std::size_t index, Random& random) const {
    if (level_.empty()) return {};
    auto const& prompts = rows_[index].prompts;
    auto level = prompts.find(level_);
    if (level_ == "random") {  // the study's pooled runs: a level but the first, then a sentence
      level = std::next(prompts.begin(),
                        1 + static_cast<std::ptrdiff_t>(uniform_index(random, prompts.size() - 1)));
    }
    auto const& sentences = level->second;
    return sentences[sentences.size() == 1 ? 0 : uniform_index(random, sentences.size())];
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

  void check(std::string const& split) const {
    std::string const where = (root_ / "anns" / (split + ".json")).string();
    if (rows_.empty()) throw Error("the split is empty", where, "choose another split");
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      for (auto const& path : {image_path(i), mask_path(i)}) {
        std::error_code ignored;  // of a name too long for a file, say
        if (!std::filesystem::is_regular_file(path, ignored)) missing.push_back(path.string());
      }
      auto const& prompts = rows_[i].prompts;
      bool const random = level_ == "random" && prompts.size() > 1;
      if (!level_.empty() && !random && !prompts.contains(level_))
        throw Error("row " + std::to_string(i) + " has no prompt \"" + level_ + "\"", where,
                    "choose one of " + levels(prompts));
      for (auto const& [level, sentences] : prompts)
        if (sentences.empty())
          throw Error("row " + std::to_string(i) + " has no sentence of level \"" + level + "\"",
                      where, "have DatasetOptions::rewrite leave one");
    }
    if (!missing.empty())
      throw Error("the annotations name " + std::to_string(missing.size()) +
                      " files that do not exist, first " + missing[0],
                  where, "add the files or take their rows out");
  }

  static std::string levels(std::map<std::string, std::vector<std::string>> const& prompts) {
    std::string list;
    for (auto const& [level, sentences] : prompts) list += (list.empty() ? "" : ", ") + level;
    return list.empty() ? "another data set: this row has no prompts" : list;
  }

  /// Reads all masks and the pictures' headers.
  void survey(DatasetOptions const& options) {
    DatasetSurvey survey(recipe_);
    auto const small = survey.read(rows_.size(), kept_pictures, [&](std::size_t i) {
      return std::pair{image_path(i), mask_path(i)};
    });
    meaning_ = survey.meaning(options, (root_ / "masks").string());
    notices_ = survey.notices(meaning_);
    for (SmallMask const& mask : small) targets_.push_back(mask.apply(meaning_));
  }

  std::filesystem::path root_;
  std::string level_;
  Recipe recipe_;
  std::vector<Annotation> rows_;
  MaskMeaning meaning_;
  std::vector<std::string> notices_;
  std::vector<Mask> targets_;  // at the recipe's size; without pixels where they are read anew
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::size_t, std::shared_ptr<Pixels const>> cache_;
};

}  // namespace vlsm
