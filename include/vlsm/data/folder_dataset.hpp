// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/compose/recipe.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/dataset.hpp"
#include "vlsm/data/picture_pairs.hpp"
#include "vlsm/image/to_tensor.hpp"

namespace vlsm {

/// One split of a data set on disk, in the layout of the study: `images/`, `masks/`,
/// `anns/SPLIT.json`: its pictures (PicturePairs) with the prompts of one level.
class FolderDataset : public Dataset {
 public:
  /// `level` is a prompt level of the annotations ("p6"); "random": a level but p0, drawn anew
  /// each time; or empty: no prompts, for models that read none. Throws Error at once for missing
  /// files and missing prompts, for masks of another size than their pictures, for masks of several
  /// classes without a choice and for a split without any object, naming the first and how many.
  FolderDataset(std::filesystem::path const& root, std::string const& split, std::string level,
                Recipe const& recipe, DatasetOptions const& options = {})
      : where_((root / "anns" / (split + ".json")).string()),
        level_(std::move(level)),
        rows_(read_annotations(where_)) {
    if (options.rewrite) options.rewrite(rows_);
    if (rows_.empty()) throw Error("the split is empty", where_, "choose another split");
    check_prompts();
    pairs_ = std::make_shared<PicturePairs const>(root, rows_, where_, recipe, options);
  }

  /// The same pictures with the prompts of another level. Throws Error where a row has none.
  std::shared_ptr<FolderDataset const> with_prompts(std::string level) const {
    return with_prompts(std::move(level), rows_);
  }
  /// The same with the prompts of other rows for the same pictures, in the same order.
  std::shared_ptr<FolderDataset const> with_prompts(std::string level,
                                                    std::vector<Annotation> rows) const {
    auto other = std::make_shared<FolderDataset>(*this);
    other->level_ = std::move(level);
    other->rows_ = std::move(rows);
    other->check_prompts();
    return other;
  }

  std::size_t size() const override { return rows_.size(); }
  Annotation const& row(std::size_t index) const { return rows_.at(index); }
  std::vector<Annotation> const& rows() const { return rows_; }
  std::filesystem::path const& image_path(std::size_t index) const {
    return pairs_->image_path(index);
  }
  std::filesystem::path const& mask_path(std::size_t index) const {
    return pairs_->mask_path(index);
  }

  Example at(std::size_t index, Random& random) const override {
    auto const pixels = pairs_->load(index);
    return {.name = rows_[index].mask,
            .prompt = prompt(index, random),
            .image = to_tensor(pixels->image, pairs_->recipe().normalize),
            .mask = to_tensor(pixels->mask)};
  }

  /// See PicturePairs::mask.
  Mask mask(std::size_t index) const override { return pairs_->mask(index); }
  MaskMeaning const& meaning() const { return pairs_->meaning(); }

  /// What a user should know of this split, a line each: what was taken for the object, pictures
  /// with an orientation that is not applied, that are clipped or squeezed.
  std::vector<std::string> const& notices() const { return pairs_->notices(); }

  /// Bytes that its pictures take once all have been asked for.
  std::size_t most_bytes() const { return pairs_->most_bytes(); }

 private:
  std::string prompt(std::size_t index, Random& random) const {
    if (level_.empty()) return {};
    auto const& prompts = rows_[index].prompts;
    auto level = prompts.find(level_);
    if (level_ == "random") {  // the study's pooled runs: a level, then a sentence
      std::vector<std::string> const levels = drawn_levels(prompts);
      level = prompts.find(levels[uniform_index(random, levels.size())]);
    }
    auto const& sentences = level->second;
    return sentences[sentences.size() == 1 ? 0 : uniform_index(random, sentences.size())];
  }

  void check_prompts() const {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      auto const& prompts = rows_[i].prompts;
      bool const there =
          level_ == "random" ? !drawn_levels(prompts).empty() : prompts.contains(level_);
      if (!level_.empty() && !there)
        throw Error("row " + std::to_string(i) + " has no prompt \"" + level_ + "\"", where_,
                    levels_of_all());
      for (auto const& [level, sentences] : prompts)
        if (sentences.empty())
          throw Error("row " + std::to_string(i) + " has no sentence of level \"" + level + "\"",
                      where_, "have DatasetOptions::rewrite leave one");
    }
  }

  /// What to choose instead: a level that every row has.
  std::string levels_of_all() const {
    auto const levels = common_levels(rows_);
    if (!levels.empty()) return "choose one of " + strings::joined(levels);
    return std::string("choose another data set: ") +
           (rows_[0].prompts.empty() ? "its rows have no prompts" : "no level is in all rows");
  }

  std::string where_, level_;
  std::vector<Annotation> rows_;
  std::shared_ptr<PicturePairs const> pairs_;
};

}  // namespace vlsm
