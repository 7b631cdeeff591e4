// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "vlsm/study/config.hpp"

namespace vlsm::study {

/// Why a cell is tested on something.
enum class Purpose {
  own,                  ///< the set that it was trained on (or, zero-shot, is asked about)
  perturbed,            ///< the same with other words
  out_of_distribution,  ///< a set that it was not trained on
  pooled,               ///< a member of the pool that it was trained on
};

/// One test of a cell.
struct Test {
  Purpose purpose = Purpose::own;
  std::string set, split;
  std::string perturbation, attribute;  ///< empty: the prompts as they are
};

/// One run: a model, trained or not, and all that it is tested on.
struct Cell {
  std::string id{};       ///< its folder's name: model.set.prompt.training.seed
  std::size_t model = 0;  ///< of Config::models
  std::string subject{};  ///< the set or pool that it is trained on; zero-shot: is asked about
  std::vector<std::string> trained_on{};  ///< sets; zero-shot: none
  std::string prompt{};  ///< a level, "random", or "none" of models without prompts
  double share = 100;    ///< percent of the training pictures
  std::uint64_t seed = 0;
  std::vector<Test> tests{};

  bool zero_shot() const { return trained_on.empty(); }
  /// The level that data sets are opened with.
  std::string level() const { return prompt == "none" ? std::string() : prompt; }
};

/// The cells of a study, in the order in which they are best run: those of one model and one set
/// stand together. `reads_prompts` says of Config::models[i] whether it does; one that does not has
/// one cell for all prompt levels, and no perturbed tests.
std::vector<Cell> cells_of(Config const& config,
                           std::function<bool(Model const&)> const& reads_prompts);

/// Some of a study's cells, by turns: those of one job of an array.
struct Part {
  std::size_t index = 0, count = 1;
  bool has(std::size_t cell) const { return cell % count == index; }
};

/// The K-th of N parts ("2/8"); all cells for an empty text. Throws Error unless the text is K/N
/// with 1 <= K <= N.
Part parse_part(std::string const& text);

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/cell.hpp"
#endif
