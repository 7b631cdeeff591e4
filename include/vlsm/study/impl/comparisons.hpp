// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/metrics/significance.hpp"
#include "vlsm/report/table.hpp"
#include "vlsm/study/names.hpp"
#include "vlsm/study/series.hpp"

// Tables of paired comparisons.
namespace vlsm::study::detail_tables {

using Row = std::vector<std::string>;
using report::decimals;

inline std::string way(CellResult const& cell) {
  return cell.zero_shot() ? "zero_shot" : "fine_tuned";
}
inline std::string share(CellResult const& cell) {
  return cell.zero_shot() ? std::string() : share_text(cell.share);
}
inline std::vector<double> dice(Series const& series) {
  return scores_of(series.rows, &RowResult::model, &Measures::dice);
}
inline Row operator+(Row row, Row const& more) {
  row.insert(row.end(), more.begin(), more.end());
  return row;
}

/// A p value with four decimals, or two digits of a very small one.
inline std::string p_text(double p) {
  return p < 1e-4 ? strings::number_text(p, std::chars_format::scientific, 1) : decimals(p);
}

/// Paired comparisons, whose p values are corrected together.
class Comparisons {
 public:
  /// Two scores of the same rows; `family`: those that are corrected together.
  void add(Row row, std::string const& family, std::vector<double> const& first,
           std::vector<double> const& second) {
    Interval const difference = bootstrap_difference(first, second);
    double const p = wilcoxon_signed_rank(first, second).p;
    families_[family].push_back(rows_.size());
    p_.push_back(p);
    rows_.push_back(std::move(row) + Row{std::to_string(difference.count), decimals(mean_of(first)),
                                         decimals(mean_of(second)), decimals(difference.mean),
                                         decimals(difference.low), decimals(difference.high)});
  }
  /// The rows, each with its p and its corrected p behind.
  std::vector<Row> rows() const {
    std::vector<Row> rows = rows_;
    for (auto const& [family, members] : families_) {
      std::vector<double> p;
      for (std::size_t const i : members) p.push_back(p_[i]);
      std::vector<double> const corrected = holm(p);
      for (std::size_t k = 0; k < members.size(); ++k) {
        Row& row = rows[members[k]];
        row.push_back(p_text(p[k]));
        row.push_back(p_text(corrected[k]));
      }
    }
    return rows;
  }

 private:
  std::vector<Row> rows_;
  std::vector<double> p_;
  std::map<std::string, std::vector<std::size_t>> families_;
};

/// Series of one set, level and training, by what they are compared in.
inline auto groups(std::vector<Series> const& all) {
  std::map<std::tuple<std::string, std::string, std::string, std::string, std::string>,
           std::vector<Series const*>>
      groups;
  for (Series const& series : all)
    if (series.test.purpose == Purpose::own)
      groups[{series.test.set, series.test.split, series.cell.prompt, way(series.cell),
              share(series.cell)}]
          .push_back(&series);
  return groups;
}

/// Natural against medical pretraining (and against none), model by model.
inline report::Table pretraining(std::vector<Series> const& all) {
  report::Table table{.title = "Pretraining on natural pictures against medical ones",
                      .headers = {"data", "split", "prompt", "train", "share", "first", "second",
                                  "first_model", "second_model", "n", "first_dice", "second_dice",
                                  "difference", "low", "high", "p", "p_holm"},
                      .rows = {}};
  constexpr std::array<std::string_view, 3> order{"natural", "medical", "none"};
  auto const rank = [&](Series const* one) {
    return std::ranges::find(order, one->cell.pretraining) - order.begin();
  };
  Comparisons comparisons;
  for (auto const& [key, group] : groups(all)) {
    auto const& [set, split, prompt, train, portion] = key;
    for (Series const* first : group)
      for (Series const* second : group)
        if (rank(first) < rank(second))
          comparisons.add({set, split, prompt, train, portion, first->cell.pretraining,
                           second->cell.pretraining, first->cell.label, second->cell.label},
                          set, dice(*first), dice(*second));
  }
  table.rows = comparisons.rows();
  return table;
}

/// Every model against every other one, at the same prompt; one that reads none meets those that do
/// at each of their levels.
inline report::Table models(std::vector<Series> const& all) {
  report::Table table{
      .title = "Models against each other",
      .headers = {"data", "split", "prompt", "train", "share", "first", "second", "n", "first_dice",
                  "second_dice", "difference", "low", "high", "p", "p_holm"},
      .rows = {}};
  Comparisons comparisons;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      CellResult const &first = all[i].cell, &second = all[j].cell;
      bool const together =
          all[i].test.purpose == Purpose::own && all[j].test.purpose == Purpose::own &&
          all[i].test.set == all[j].test.set && all[i].test.split == all[j].test.split &&
          way(first) == way(second) && share(first) == share(second) && first.label != second.label;
      bool const level =
          first.prompt == second.prompt || first.prompt == "none" || second.prompt == "none";
      if (together && level)
        comparisons.add({all[i].test.set, all[i].test.split,
                         first.prompt == "none" ? second.prompt : first.prompt, way(first),
                         share(first), first.label, second.label},
                        all[i].test.set, dice(all[i]), dice(all[j]));
    }
  table.rows = comparisons.rows();
  return table;
}

}  // namespace vlsm::study::detail_tables
