// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/study/series.hpp"

namespace vlsm::study {

namespace detail_series {

/// What cells of several seeds have in common.
inline auto key_of(CellResult const& cell, Test const& test) {
  return std::tuple(cell.label, cell.subject, cell.prompt, cell.zero_shot(), cell.share,
                    test.purpose, test.set, test.split, test.perturbation, test.attribute);
}

/// The rows with their scores averaged over seeds; HD95 over those that have one.
inline std::vector<RowResult> averaged(std::vector<TestResult const*> const& seeds) {
  std::vector<RowResult> rows = seeds.front()->rows;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (auto const size : {&RowResult::model, &RowResult::picture})
      for (NamedMeasure const& measure : named_measures) {
        std::vector<double> values;
        for (TestResult const* seed : seeds) values.push_back(seed->rows[i].*size.*measure.value);
        rows[i].*size.*measure.value = mean_of(values);
      }
  return rows;
}

/// Throws Error where two tests of one split have other rows.
inline void check_same_rows(std::vector<RowResult> const& first,
                            std::vector<RowResult> const& second, Test const& test,
                            std::string const& cell) {
  if (!std::ranges::equal(first, second, {}, &RowResult::mask, &RowResult::mask))
    throw Error("the rows of " + test.set + ", " + test.split + ", are others in this cell", cell,
                "remove the cells that were run before the annotations changed");
}

/// Throws Error where cells read another thing under one name: a split, or their model's weights.
inline void check_same_files(std::vector<CellResult> const& results) {
  std::map<std::string, std::pair<std::string, std::string>> first;  // what -> hash, cell
  for (CellResult const& cell : results)
    for (auto const& [what, hash] : cell.read) {
      std::string const name = what == "weights" ? "the weights of " + cell.label : what;
      auto const& [met, fresh] = first.emplace(name, std::pair(hash, cell.id));
      if (met->second.first != hash)
        throw Error(name + ": other files than in the cell " + met->second.second, cell.id,
                    "remove the cells that were run before the files changed");
    }
}

inline TestResult const* unperturbed(CellResult const& cell, Test const& test) {
  for (TestResult const& other : cell.tests)
    if (other.test.purpose == Purpose::own && other.test.set == test.set &&
        other.test.split == test.split)
      return &other;
  return nullptr;
}

}  // namespace detail_series

VLSM_INLINE std::vector<Series> series_of(std::vector<CellResult> const& results) {
  using Key = decltype(detail_series::key_of(std::declval<CellResult>(), std::declval<Test>()));
  std::map<Key, std::size_t> place;
  std::vector<Series> all;
  std::vector<std::vector<TestResult const*>> members;
  std::vector<std::set<std::size_t>> moved;
  std::map<std::pair<std::string, std::string>, TestResult const*> splits;  // the first met
  detail_series::check_same_files(results);
  for (CellResult const& cell : results)
    for (TestResult const& test : cell.tests) {
      auto const [entry, fresh] = place.emplace(detail_series::key_of(cell, test.test), all.size());
      if (fresh) {
        Series series{.cell = cell, .test = test.test, .rows = {}, .seed_dice = {}, .moved = {}};
        series.cell.tests.clear();
        all.push_back(std::move(series));
        members.emplace_back();
        moved.emplace_back();
      }
      std::size_t const at = entry->second;
      auto const [of_split, first] =
          splits.emplace(std::pair(test.test.set, test.test.split), &test);
      detail_series::check_same_rows(of_split->second->rows, test.rows, test.test, cell.id);
      members[at].push_back(&test);
      all[at].seed_dice.push_back(
          mean_of(scores_of(test.rows, &RowResult::model, &Measures::dice)));
      if (TestResult const* const plain = detail_series::unperturbed(cell, test.test))
        for (std::size_t i = 0; i < test.rows.size(); ++i)
          if (test.rows[i].prompt != plain->rows[i].prompt) moved[at].insert(i);
    }
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].rows = detail_series::averaged(members[i]);
    all[i].moved.assign(moved[i].begin(), moved[i].end());
  }
  return all;
}

}  // namespace vlsm::study
