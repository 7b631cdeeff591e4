// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "vlsm/data/contents.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/data/subset.hpp"
#include "vlsm/prompts/perturb.hpp"
#include "vlsm/study/cell.hpp"

namespace vlsm::study {

/// A split with the prompts of a test, and how many of its rows have changed ones.
struct OpenedTest {
  std::shared_ptr<FolderDataset const> data;
  std::vector<std::size_t> rows;  ///< which of its rows are tested
  std::size_t changed = 0;
  std::string contents = {};  ///< see Contents
};

/// The data sets of a study. Files are read and pictures decoded once for all prompt levels and
/// perturbations; of pictures at their models' size `budget` bytes are kept at most, those of the
/// sets last used.
class Sets {
 public:
  /// `told` hears what a user should know of the files, as FolderDataset::notices says it.
  explicit Sets(Config const& config, std::size_t budget = std::size_t{3} << 30,
                std::function<void(std::string const&)> told = {})
      : config_(&config), budget_(budget), told_(std::move(told)) {}

  /// A split with the prompts of a level (empty: none). Throws Error as FolderDataset does.
  std::shared_ptr<FolderDataset const> open(std::string const& name, std::string const& split,
                                            std::string const& level, Recipe const& recipe) {
    return files(name, split, recipe)->with_prompts(level);
  }

  /// What a cell trains on, or is validated on: a share of the pictures of its sets, within the
  /// study's limits.
  std::shared_ptr<Dataset const> training_rows(Cell const& cell, std::string const& split,
                                               Recipe const& recipe) {
    std::vector<std::shared_ptr<Dataset const>> parts;
    bool const train = split == "train";
    for (std::string const& name : cell.trained_on) {
      auto const data = open(name, split, cell.level(), recipe);
      PictureShare const share = train ? PictureShare{cell.share, config_->limits.train, cell.seed}
                                       : PictureShare{.most = config_->limits.val};
      parts.push_back(std::make_shared<Subset>(data, some_rows(*data, share)));
    }
    if (parts.size() == 1) return parts.front();
    return std::make_shared<Concatenated>(std::move(parts));
  }

  /// Adds what a cell trains on and is validated on to `read`, as CellResult::read has it. Of the
  /// training's pictures only the rows count: a broken one may be mended where no cell has used it.
  void add_contents(Cell const& cell, Recipe const& recipe,
                    std::map<std::string, std::string>& read) {
    for (std::string const& name : cell.trained_on) {
      auto const train = files(name, "train", recipe);
      read[name + ", train"] = contents_.of(*train, some_rows(*train, {}), /*files=*/false);
      auto const val = files(name, "val", recipe);
      read[name + ", val"] =
          contents_.of(*val, some_rows(*val, {.most = config_->limits.val}), /*files=*/true);
    }
  }

  /// Adds the files that a cell trains on, likewise.
  void add_training_files(Cell const& cell, Recipe const& recipe,
                          std::map<std::string, std::string>& read) {
    for (std::string const& name : cell.trained_on) {
      auto const train = files(name, "train", recipe);
      read[name + ", files of train"] =
          contents_.of(*train, some_rows(*train, {cell.share, config_->limits.train, cell.seed}),
                       /*files=*/true);
    }
  }

  /// What a test of a cell is run on; no data where the prompts of this level name nothing of what
  /// the test perturbs.
  OpenedTest test_rows(Test const& test, std::string const& level, Recipe const& recipe) {
    auto const plain = files(test.set, test.split, recipe);
    OpenedTest opened{.data = nullptr, .rows = some_rows(*plain, {.most = config_->limits.test})};
    if (test.perturbation.empty()) {
      opened.contents = contents_.of(*plain, opened.rows, /*files=*/true);
      opened.data = plain->with_prompts(level);
      return opened;
    }
    Set const& set = find_set(*config_, test.set);
    PerturbOptions const options{.kind = parse_perturbation(test.perturbation),
                                 .attribute = test.attribute,
                                 .level = level,
                                 .source = {.dataset = set.dataset, .folder = set.path},
                                 .may_change_nothing = true};
    std::vector<Annotation> rows = plain->rows();
    perturb(rows, options);
    for (std::size_t const i : opened.rows)
      opened.changed += rows[i].prompts != plain->row(i).prompts;
    if (opened.changed == 0) return opened;
    opened.data = plain->with_prompts(level, std::move(rows));
    return opened;
  }

 private:
  using Key =
      std::tuple<std::string, std::string, int, int, std::array<float, 3>, std::array<float, 3>>;

  static std::vector<std::size_t> some_rows(FolderDataset const& data, PictureShare const& share) {
    std::vector<std::string> pictures;
    for (Annotation const& row : data.rows()) pictures.push_back(row.image);
    return rows_of_share(pictures, share);
  }

  /// The files of a split, without prompts.
  std::shared_ptr<FolderDataset const> files(std::string const& name, std::string const& split,
                                             Recipe const& recipe) {
    Key const key{name,
                  split,
                  recipe.image,
                  static_cast<int>(recipe.fit),
                  recipe.normalize.mean,
                  recipe.normalize.deviation};
    for (auto at = opened_.begin(); at != opened_.end(); ++at)
      if (at->first == key) {
        opened_.splice(opened_.begin(), opened_, at);
        return at->second;
      }
    Set const& set = find_set(*config_, name);
    DatasetOptions options{.allow_empty = set.allow_empty};
    if (!set.mask_value.empty()) options.mask = parse_mask_choice(set.mask_value);
    opened_.emplace_front(
        key, std::make_shared<FolderDataset const>(set.path, split, "", recipe, options));
    if (told_)
      for (std::string const& line : opened_.front().second->notices())
        told_(name + ", " + split + ": " + line);
    std::size_t bytes = 0;
    for (auto at = opened_.begin(); at != opened_.end(); ++at) {
      bytes += at->second->most_bytes();
      if (bytes > budget_ && at != opened_.begin()) {
        opened_.erase(at, opened_.end());
        break;
      }
    }
    return opened_.front().second;
  }

  Config const* config_;
  std::size_t budget_;
  std::function<void(std::string const&)> told_;
  Contents contents_;
  std::list<std::pair<Key, std::shared_ptr<FolderDataset const>>> opened_;  // last used first
};

}  // namespace vlsm::study
