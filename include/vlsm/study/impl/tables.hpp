// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "vlsm/base/compiled.hpp"
#include "vlsm/metrics/significance.hpp"
#include "vlsm/study/names.hpp"
#include "vlsm/study/published.hpp"
#include "vlsm/study/series.hpp"
#include "vlsm/study/tables.hpp"

namespace vlsm::study {

namespace detail_tables {

using Row = std::vector<std::string>;
using report::decimals;

inline std::string way(CellResult const& cell) {
  return cell.zero_shot() ? "zero_shot" : "fine_tuned";
}
inline std::string share(CellResult const& cell) {
  return cell.zero_shot() ? std::string() : share_text(cell.share);
}
inline std::vector<double> dice(Series const& series) {
  return scores_of(series.rows, &RowResult::model, &Scores::dice);
}
inline Row operator+(Row row, Row const& more) {
  row.insert(row.end(), more.begin(), more.end());
  return row;
}

inline double spread(std::vector<double> const& values) {
  double const mean = mean_of(values);
  double squares = 0;
  for (double const value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

/// The scores of a test: headers and cells.
inline Row score_headers() {
  return {"seeds",       "n",           "dice",     "dice_low", "dice_high", "dice_seed_std",
          "iou",         "iou_low",     "iou_high", "hd95",     "hd95_n",    "dice_picture",
          "iou_picture", "hd95_picture"};
}
inline Row score_cells(Series const& series) {
  auto const at = [&](Scores RowResult::*size, double Scores::*score) {
    return scores_of(series.rows, size, score);
  };
  auto const model = &RowResult::model, picture = &RowResult::picture;
  Interval const dice = bootstrap_mean(at(model, &Scores::dice)),
                 iou = bootstrap_mean(at(model, &Scores::iou));
  auto const distances = at(model, &Scores::hd95);
  auto const finite = std::ranges::count_if(distances, [](double d) { return std::isfinite(d); });
  return {std::to_string(series.seeds()),
          std::to_string(series.rows.size()),
          decimals(dice.mean),
          decimals(dice.low),
          decimals(dice.high),
          decimals(spread(series.seed_dice)),
          decimals(iou.mean),
          decimals(iou.low),
          decimals(iou.high),
          decimals(mean_of(distances), 2),
          std::to_string(finite),
          decimals(mean_of(at(picture, &Scores::dice))),
          decimals(mean_of(at(picture, &Scores::iou))),
          decimals(mean_of(at(picture, &Scores::hd95)), 2)};
}

inline std::string published(Series const& series, std::string_view trained_on) {
  if (series.cell.zero_shot() || series.cell.share != 100) return {};
  auto const value = published_dice(series.cell.model, trained_on, series.test.set);
  return value ? decimals(*value / 100) : std::string();
}

/// A p value, to three digits that count.
inline std::string p_text(double p) {
  return p < 1e-4 ? report::number(p, std::chars_format::scientific, 1) : decimals(p);
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

/// Prompt richness: every model on the set that it was trained on, or zero-shot; below, for each
/// model and level, the mean of the means of the data sets.
inline report::Table prompts(std::vector<Series> const& all) {
  report::Table table{
      .title = "Prompt richness",
      .headers = Row{"model", "pretraining", "data", "split", "prompt", "train", "share"} +
                 score_headers() + Row{"published_dice"},
      .rows = {}};
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::vector<double>>
      means;
  for (Series const& series : all) {
    if (series.test.purpose != Purpose::own) continue;
    CellResult const& cell = series.cell;
    table.rows.push_back(Row{cell.label, cell.pretraining, series.test.set, series.test.split,
                             cell.prompt, way(cell), share(cell)} +
                         score_cells(series) + Row{published(series, series.test.set)});
    means[{cell.label, cell.prompt, way(cell), share(cell)}].push_back(mean_of(dice(series)));
  }
  for (auto const& [key, values] : means) {
    if (values.size() < 2) continue;
    Row row(table.headers.size());
    std::tie(row[0], row[4], row[5], row[6]) = key;
    row[2] = "mean of " + std::to_string(values.size()) + " means";
    row[9] = decimals(mean_of(values));
    table.rows.push_back(std::move(row));
  }
  return table;
}

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
        if (rank(first) < rank(second) && first->rows.size() == second->rows.size())
          comparisons.add({set, split, prompt, train, portion, first->cell.pretraining,
                           second->cell.pretraining, first->cell.label, second->cell.label},
                          set, dice(*first), dice(*second));
  }
  table.rows = comparisons.rows();
  return table;
}

/// Every model against every other one, at the same prompt.
inline report::Table models(std::vector<Series> const& all) {
  report::Table table{
      .title = "Models against each other",
      .headers = {"data", "split", "prompt", "train", "share", "first", "second", "n", "first_dice",
                  "second_dice", "difference", "low", "high", "p", "p_holm"},
      .rows = {}};
  // A model that reads no prompt meets those that do at each of their levels.
  std::vector<Series> spread;
  std::set<std::string> levels;
  for (Series const& series : all) levels.insert(series.cell.prompt);
  levels.erase("none");
  for (Series const& series : all) {
    if (series.cell.prompt != "none" || levels.empty())
      spread.push_back(series);
    else
      for (std::string const& level : levels) {
        spread.push_back(series);
        spread.back().cell.prompt = level;
      }
  }
  Comparisons comparisons;
  for (auto const& [key, group] : groups(spread)) {
    auto const& [set, split, prompt, train, portion] = key;
    for (std::size_t i = 0; i < group.size(); ++i)
      for (std::size_t j = i + 1; j < group.size(); ++j)
        if (group[i]->rows.size() == group[j]->rows.size())
          comparisons.add(
              {set, split, prompt, train, portion, group[i]->cell.label, group[j]->cell.label}, set,
              dice(*group[i]), dice(*group[j]));
  }
  table.rows = comparisons.rows();
  return table;
}

/// The unperturbed series that belongs to a perturbed one.
inline Series const* plain(std::vector<Series> const& all, Series const& perturbed) {
  for (Series const& other : all)
    if (other.test.purpose == Purpose::own && other.test.set == perturbed.test.set &&
        other.test.split == perturbed.test.split && other.cell.label == perturbed.cell.label &&
        other.cell.subject == perturbed.cell.subject &&
        other.cell.prompt == perturbed.cell.prompt && other.cell.share == perturbed.cell.share &&
        other.cell.zero_shot() == perturbed.cell.zero_shot())
      return &other;
  return nullptr;
}

/// What other words cost, over the rows whose words changed.
inline report::Table perturbation(std::vector<Series> const& all) {
  report::Table table{
      .title = "Dice lost by other words",
      .headers = {"model", "data", "split", "prompt", "train", "share", "perturbation", "attribute",
                  "n", "dice_right", "dice_perturbed", "drop", "low", "high", "p", "p_holm"},
      .rows = {},
      .note = "Over the rows whose prompt changed."};
  Comparisons comparisons;
  for (Series const& series : all) {
    if (series.test.purpose != Purpose::perturbed) continue;
    Series const* const right = plain(all, series);
    if (!right || series.moved.empty()) continue;
    CellResult const& cell = series.cell;
    auto const of = [&](Series const& one) {
      return scores_of(one.rows, series.moved, &RowResult::model, &Scores::dice);
    };
    comparisons.add({cell.label, series.test.set, series.test.split, cell.prompt, way(cell),
                     share(cell), series.test.perturbation, series.test.attribute},
                    series.test.set, of(*right), of(series));
  }
  table.rows = comparisons.rows();
  return table;
}

/// A series' Dice on a set after training on that set alone; NaN where there is none.
inline double trained_there(std::vector<Series> const& all, Series const& like) {
  for (Series const& other : all)
    if (other.test.purpose == Purpose::own && !other.cell.zero_shot() &&
        other.test.set == like.test.set && other.test.split == like.test.split &&
        other.cell.label == like.cell.label && other.cell.prompt == like.cell.prompt &&
        other.cell.share == like.cell.share)
      return mean_of(dice(other));
  return std::numeric_limits<double>::quiet_NaN();
}

/// Sets that a model was not trained on.
inline report::Table ood(std::vector<Series> const& all) {
  report::Table table{
      .title = "Out of distribution",
      .headers = Row{"model", "trained_on", "tested_on", "split", "prompt", "share"} +
                 score_headers() + Row{"dice_trained_there", "drop", "published_dice"},
      .rows = {}};
  for (Series const& series : all) {
    if (series.test.purpose != Purpose::out_of_distribution) continue;
    CellResult const& cell = series.cell;
    double const there = trained_there(all, series);
    table.rows.push_back(Row{cell.label, cell.subject, series.test.set, series.test.split,
                             cell.prompt, share(cell)} +
                         score_cells(series) +
                         Row{decimals(there), decimals(there - mean_of(dice(series))),
                             published(series, cell.subject)});
  }
  return table;
}

/// Models trained on several sets together, on each of them.
inline report::Table pooled(std::vector<Series> const& all) {
  report::Table table{.title = "Trained on several sets together",
                      .headers = Row{"model", "pool", "tested_on", "split", "prompt", "share"} +
                                 score_headers() +
                                 Row{"dice_trained_there", "gain", "published_dice"},
                      .rows = {}};
  for (Series const& series : all) {
    CellResult const& cell = series.cell;
    bool const of_pool =
        cell.trained_on.size() > 1 || (!cell.zero_shot() && cell.trained_on[0] != cell.subject);
    if (!of_pool) continue;
    double const there = trained_there(all, series);
    table.rows.push_back(Row{cell.label, cell.subject, series.test.set, series.test.split,
                             cell.prompt, share(cell)} +
                         score_cells(series) +
                         Row{decimals(there), decimals(mean_of(dice(series)) - there),
                             published(series, cell.subject)});
  }
  return table;
}

/// Sets whose rows have classes, class by class.
inline report::Table classes(std::vector<Series> const& all) {
  report::Table table{.title = "By class",
                      .headers = {"model", "data", "split", "prompt", "train", "share", "class",
                                  "n", "dice", "dice_low", "dice_high", "iou", "hd95"},
                      .rows = {}};
  for (Series const& series : all) {
    if (series.test.purpose != Purpose::own) continue;
    std::map<std::string, std::vector<std::size_t>> rows;
    for (std::size_t i = 0; i < series.rows.size(); ++i)
      rows[series.rows[i].row_class].push_back(i);
    if (rows.size() < 2) continue;
    CellResult const& cell = series.cell;
    for (auto const& [name, which] : rows) {
      auto const of = [&](double Scores::*score) {
        return scores_of(series.rows, which, &RowResult::model, score);
      };
      Interval const dice = bootstrap_mean(of(&Scores::dice));
      table.rows.push_back({cell.label, series.test.set, series.test.split, cell.prompt, way(cell),
                            share(cell), name, std::to_string(which.size()), decimals(dice.mean),
                            decimals(dice.low), decimals(dice.high),
                            decimals(mean_of(of(&Scores::iou))),
                            decimals(mean_of(of(&Scores::hd95)), 2)});
    }
  }
  return table;
}

}  // namespace detail_tables

VLSM_INLINE std::vector<NamedTable> tables_of(std::vector<CellResult> const& results) {
  std::vector<Series> const all = series_of(results);
  return {{"prompts", detail_tables::prompts(all)},
          {"pretraining", detail_tables::pretraining(all)},
          {"perturbation", detail_tables::perturbation(all)},
          {"ood", detail_tables::ood(all)},
          {"pooled", detail_tables::pooled(all)},
          {"models", detail_tables::models(all)},
          {"classes", detail_tables::classes(all)}};
}

}  // namespace vlsm::study
