// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "vlsm/study/result.hpp"

namespace vlsm::study {

/// One test of the cells that differ in nothing but the seed: what a row of a table is made of.
struct Series {
  CellResult cell;  ///< of the first seed, without its tests
  Test test;
  std::vector<RowResult> rows;     ///< scores averaged over the seeds
  std::vector<double> seed_dice;   ///< the mean Dice of each seed, at the model's size
  std::vector<std::size_t> moved;  ///< rows whose prompt a perturbation changed, of any seed

  std::size_t seeds() const { return seed_dice.size(); }
};

/// A score of each row, in the rows' order; NaN where a row has no such score.
inline std::vector<double> scores_of(std::vector<RowResult> const& rows, Measures RowResult::*size,
                                     double Measures::*score) {
  std::vector<double> values;
  for (RowResult const& row : rows) values.push_back(row.*size.*score);
  return values;
}

/// The same of some of the rows.
inline std::vector<double> scores_of(std::vector<RowResult> const& rows,
                                     std::vector<std::size_t> const& which,
                                     Measures RowResult::*size, double Measures::*score) {
  std::vector<double> values;
  for (std::size_t const i : which) values.push_back(rows.at(i).*size.*score);
  return values;
}

/// The mean of what is finite; NaN of nothing.
inline double mean_of(std::vector<double> const& values) { return spread_of(values).mean; }

/// All tests of all cells, averaged over seeds, in the order of the cells. Throws Error where a
/// split, or a model's weights, were others in one cell than in another.
std::vector<Series> series_of(std::vector<CellResult> const& results);

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/series.hpp"
#endif
