// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "vlsm/base/compiled.hpp"
#include "vlsm/metrics/significance.hpp"
#include "vlsm/study/impl/comparisons.hpp"
#include "vlsm/study/published.hpp"
#include "vlsm/study/series.hpp"
#include "vlsm/study/tables.hpp"

namespace vlsm::study {

namespace detail_tables {

inline bool is_pool(CellResult const& cell) {
  return cell.trained_on.size() > 1 || (!cell.zero_shot() && cell.trained_on[0] != cell.subject);
}

/// The scores of a test: headers and cells.
inline Row score_headers() {
  return {"seeds",       "n",           "dice",     "dice_low", "dice_high", "dice_seed_std",
          "iou",         "iou_low",     "iou_high", "hd95",     "hd95_n",    "dice_picture",
          "iou_picture", "hd95_picture"};
}
inline Row score_cells(Series const& series) {
  auto const at = [&](Measures RowResult::*size, double Measures::*score) {
    return scores_of(series.rows, size, score);
  };
  auto const model = &RowResult::model, picture = &RowResult::picture;
  Interval const dice = bootstrap_mean(at(model, &Measures::dice)),
                 iou = bootstrap_mean(at(model, &Measures::iou));
  Spread const distance = spread_of(at(model, &Measures::hd95));
  return {std::to_string(series.seeds()),
          std::to_string(series.rows.size()),
          decimals(dice.mean),
          decimals(dice.low),
          decimals(dice.high),
          series.seeds() > 1 ? decimals(spread_of(series.seed_dice).deviation) : std::string(),
          decimals(iou.mean),
          decimals(iou.low),
          decimals(iou.high),
          decimals(distance.mean, 2),
          std::to_string(distance.count),
          decimals(mean_of(at(picture, &Measures::dice))),
          decimals(mean_of(at(picture, &Measures::iou))),
          decimals(mean_of(at(picture, &Measures::hd95)), 2)};
}

/// The published Dice of a cell's test, where the cell is what the paper trained.
inline std::string published(Series const& series) {
  CellResult const& cell = series.cell;
  bool const pool = is_pool(cell);
  std::size_t const paper_sets = cell.subject == "pooled" ? 8 : 3;  // endoscopy_pooled: 3
  bool const as_published =
      !cell.zero_shot() && cell.share == 100 && (!pool || cell.trained_on.size() == paper_sets);
  auto const value =
      as_published ? published_dice(cell.model, cell.subject, series.test.set) : std::nullopt;
  return value ? decimals(*value / 100) : std::string();
}

/// Prompt richness: every model on the set that it was trained on, or zero-shot; below, for each
/// model and level, the mean of the means of the data sets (a set of several splits counts once).
inline report::Table prompts(std::vector<Series> const& all) {
  report::Table table{
      .title = "Prompt richness",
      .headers = Row{"model", "pretraining", "data", "split", "prompt", "train", "share"} +
                 score_headers() + Row{"published_dice"},
      .rows = {}};
  using Sets = std::map<std::string, std::vector<double>>;  // name -> the means of its splits
  std::map<std::tuple<std::string, std::string, std::string, std::string>, Sets> means;
  for (Series const& series : all) {
    if (series.test.purpose != Purpose::own) continue;
    CellResult const& cell = series.cell;
    table.rows.push_back(Row{cell.label, cell.pretraining, series.test.set, series.test.split,
                             cell.prompt, way(cell), share(cell)} +
                         score_cells(series) + Row{published(series)});
    means[{cell.label, cell.prompt, way(cell), share(cell)}][series.test.set].push_back(
        mean_of(dice(series)));
  }
  for (auto const& [key, sets] : means) {
    if (sets.size() < 2) continue;
    std::vector<double> values;
    for (auto const& [set, splits] : sets) values.push_back(mean_of(splits));
    Row row(table.headers.size());
    std::tie(row[0], row[4], row[5], row[6]) = key;
    row[2] = "mean of " + std::to_string(values.size()) + " means";
    row[9] = decimals(mean_of(values));
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// Whether two cells differ in nothing but the seed.
inline bool same_but_seed(CellResult const& first, CellResult const& second) {
  return first.label == second.label && first.subject == second.subject &&
         first.prompt == second.prompt && first.share == second.share &&
         first.zero_shot() == second.zero_shot();
}

/// The unperturbed series that belongs to a perturbed one.
inline Series const* plain(std::vector<Series> const& all, Series const& perturbed) {
  for (Series const& other : all)
    if (other.test.purpose == Purpose::own && other.test.set == perturbed.test.set &&
        other.test.split == perturbed.test.split && same_but_seed(other.cell, perturbed.cell))
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
      return scores_of(one.rows, series.moved, &RowResult::model, &Measures::dice);
    };
    comparisons.add({cell.label, series.test.set, series.test.split, cell.prompt, way(cell),
                     share(cell), series.test.perturbation, series.test.attribute},
                    series.test.set, of(*right), of(series));
  }
  table.rows = comparisons.rows();
  return table;
}

/// The Dice on a set after training on that set alone, with the same prompt level or, where there
/// is none, with the best one; NaN where the study has no such cell.
inline double trained_there(std::vector<Series> const& all, Series const& like) {
  double best = std::numeric_limits<double>::quiet_NaN();
  for (Series const& other : all) {
    if (other.test.purpose != Purpose::own || other.cell.zero_shot() ||
        other.test.set != like.test.set || other.test.split != like.test.split ||
        other.cell.label != like.cell.label || other.cell.share != like.cell.share)
      continue;
    double const there = mean_of(dice(other));
    if (other.cell.prompt == like.cell.prompt) return there;
    best = std::isnan(best) ? there : std::max(best, there);
  }
  return best;
}

/// The Dice of the same cells on the set that they were trained on, of the split of this name or,
/// where there is none, the first; NaN for pools.
inline double trained_on(std::vector<Series> const& all, Series const& like) {
  Series const* own = nullptr;
  for (Series const& other : all) {
    if (other.test.purpose != Purpose::own || !same_but_seed(other.cell, like.cell)) continue;
    if (other.test.split == like.test.split) return mean_of(dice(other));
    if (!own) own = &other;
  }
  return own ? mean_of(dice(*own)) : std::numeric_limits<double>::quiet_NaN();
}

/// Sets that a model was not trained on.
inline report::Table ood(std::vector<Series> const& all) {
  report::Table table{
      .title = "Out of distribution",
      .headers = Row{"model", "trained_on", "tested_on", "split", "prompt", "share"} +
                 score_headers() +
                 Row{"dice_own_set", "dice_trained_there", "drop", "published_dice"},
      .rows = {}};
  for (Series const& series : all) {
    if (series.test.purpose != Purpose::out_of_distribution) continue;
    CellResult const& cell = series.cell;
    double const there = trained_there(all, series);
    table.rows.push_back(Row{cell.label, cell.subject, series.test.set, series.test.split,
                             cell.prompt, share(cell)} +
                         score_cells(series) +
                         Row{decimals(trained_on(all, series)), decimals(there),
                             decimals(there - mean_of(dice(series))), published(series)});
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
    if (series.test.purpose != Purpose::pooled) continue;
    CellResult const& cell = series.cell;
    double const there = trained_there(all, series);
    table.rows.push_back(
        Row{cell.label, cell.subject, series.test.set, series.test.split, cell.prompt,
            share(cell)} +
        score_cells(series) +
        Row{decimals(there), decimals(mean_of(dice(series)) - there), published(series)});
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
    for (auto const& of_class : rows) {
      std::vector<std::size_t> const& which = of_class.second;
      auto const of = [&](double Measures::*score) {
        return scores_of(series.rows, which, &RowResult::model, score);
      };
      Interval const dice = bootstrap_mean(of(&Measures::dice));
      table.rows.push_back({cell.label, series.test.set, series.test.split, cell.prompt, way(cell),
                            share(cell), of_class.first, std::to_string(which.size()),
                            decimals(dice.mean), decimals(dice.low), decimals(dice.high),
                            decimals(mean_of(of(&Measures::iou))),
                            decimals(mean_of(of(&Measures::hd95)), 2)});
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
