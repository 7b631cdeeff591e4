// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/report/html.hpp"
#include "vlsm/report/table.hpp"
#include "vlsm/study/tables.hpp"

// A study's tables as people read them: few columns, an interval beside its mean.
namespace vlsm::study {

namespace detail_report {

using report::Table;

/// A table whose cells are asked for by their column's name.
class View {
 public:
  explicit View(Table const& table)
      : table_(&table),
        several_trainings_(varies("train")),
        several_shares_(varies("share")),
        several_splits_(varies("split")) {}
  std::size_t rows() const { return table_->rows.size(); }
  std::string const& text(std::size_t row, std::string_view column) const {
    auto const found = std::ranges::find(table_->headers, column);
    return table_->rows[row][static_cast<std::size_t>(found - table_->headers.begin())];
  }
  /// NaN where the cell is empty, and where there is no such column.
  double value(std::size_t row, std::string_view column) const {
    if (!has(column)) return std::numeric_limits<double>::quiet_NaN();
    std::string const& cell = text(row, column);
    double number = std::numeric_limits<double>::quiet_NaN();
    std::from_chars(cell.data(), cell.data() + cell.size(), number);
    return number;
  }
  bool has(std::string_view column) const {
    return std::ranges::count(table_->headers, column) > 0;
  }
  /// A model as rows are told apart: "CRIS", "CRIS, zero-shot", "CRIS, 10 %".
  std::string model(std::size_t row, std::string_view column = "model") const {
    std::string name = text(row, column);
    if (several_trainings_ && text(row, "train") == "zero_shot") name += ", zero-shot";
    if (several_shares_ && !text(row, "share").empty()) name += ", " + text(row, "share") + " %";
    return name;
  }
  /// A data set, with its split where there are several.
  std::string data(std::size_t row, std::string_view column = "data") const {
    std::string const split = several_splits_ ? text(row, "split") : "";
    return text(row, column) + (split.empty() ? "" : ", " + split);
  }
  report::Bar bar(std::size_t row, std::string_view middle, std::string_view low,
                  std::string_view high) const {
    return {value(row, middle), value(row, low), value(row, high)};
  }

  /// What was perturbed: "opposite: size", "location_missing".
  std::string perturbed(std::size_t row) const {
    std::string const& attribute = text(row, "attribute");
    return text(row, "perturbation") + (attribute.empty() ? "" : ": " + attribute);
  }

 private:
  /// Whether a column has more than one value, beside empty cells.
  bool varies(std::string_view column) const {
    std::set<std::string> values;
    for (std::size_t i = 0; has(column) && i < rows(); ++i) values.insert(text(i, column));
    values.erase("");
    return values.size() > 1;
  }

  Table const* table_;
  bool several_trainings_, several_shares_, several_splits_;
};

/// Names in the order in which they first come.
class Names {
 public:
  std::size_t operator()(std::string const& name) {
    auto const found = std::ranges::find(list_, name);
    if (found != list_.end()) return static_cast<std::size_t>(found - list_.begin());
    list_.push_back(name);
    return list_.size() - 1;
  }
  std::vector<std::string> const& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

/// A short table: a row of it is a value of `down`, a column one of `across`.
template <class Pick, class Down, class Across, class Cell>
Table pivot(std::string title, std::size_t rows, std::vector<std::string> const& corner,
            Pick const& pick, Down const& down, Across const& across, Cell const& cell) {
  Table table{.title = std::move(title), .headers = corner, .rows = {}};
  Names columns;
  std::map<std::vector<std::string>, std::size_t> place;
  for (std::size_t i = 0; i < rows; ++i)
    if (pick(i)) columns(across(i));
  for (std::string const& name : columns.list()) table.headers.push_back(name);
  for (std::size_t i = 0; i < rows; ++i) {
    if (!pick(i)) continue;
    auto const [entry, fresh] = place.emplace(down(i), table.rows.size());
    if (fresh) {
      table.rows.push_back(down(i));
      table.rows.back().resize(table.headers.size());
    }
    table.rows[entry->second][corner.size() + columns(across(i))] = cell(i);
  }
  return table;
}

/// "0.0312 (0.0103 to 0.0521)" of three columns.
inline std::string with_range(View const& table, std::size_t i, std::string_view middle,
                              std::string_view low, std::string_view high) {
  return table.text(i, middle) + "\n(" + table.text(i, low) + " to " + table.text(i, high) + ")";
}

/// The Dice of a row with its interval.
inline std::string with_interval(View const& table, std::size_t i) {
  return with_range(table, i, "dice", "dice_low", "dice_high");
}

/// Which trainings a study has: "zero_shot", "fine_tuned" with 100 %, with 10 % …
inline std::vector<std::pair<std::string, std::string>> trainings(View const& prompts) {
  std::vector<std::pair<std::string, std::string>> list;
  for (std::size_t i = 0; i < prompts.rows(); ++i) {
    std::pair const one(prompts.text(i, "train"), prompts.text(i, "share"));
    if (!std::ranges::count(list, one)) list.push_back(one);
  }
  return list;
}
/// "Fine-tuned on 10 % of the pictures"
inline std::string title_of(std::pair<std::string, std::string> const& training) {
  if (training.first == "zero_shot") return "Zero-shot";
  return training.second == "100" ? "Fine-tuned"
                                  : "Fine-tuned on " + training.second + " % of the pictures";
}

/// Whether a row is a mean of data sets' means.
inline bool is_mean(View const& table, std::size_t i) {
  return table.text(i, "data").starts_with("mean of");
}

/// A table a training: data sets and models down, prompt levels across.
inline std::vector<Table> short_prompts(View const& table) {
  std::vector<Table> tables;
  for (auto const& training : trainings(table))
    tables.push_back(pivot(
        "Dice by prompt: " + title_of(training), table.rows(), {"data", "model"},
        [&](std::size_t i) {
          return table.text(i, "train") == training.first &&
                 table.text(i, "share") == training.second;
        },
        [&](std::size_t i) {
          return std::vector{table.data(i), table.text(i, "model")};
        },
        [&](std::size_t i) { return table.text(i, "prompt"); },
        [&](std::size_t i) {
          return is_mean(table, i) ? table.text(i, "dice") : with_interval(table, i);
        }));
  return tables;
}

/// Pairs of models with their difference and its corrected p.
inline std::vector<Table> short_comparison(View const& table, std::string title,
                                           bool with_pretraining) {
  Table shown{.title = std::move(title),
              .headers = {"data", "prompt", "first", "second", "n", "difference", "p (Holm)"},
              .rows = {}};
  auto const name = [&](std::size_t i, std::string const& which) {
    return with_pretraining ? table.model(i, which + "_model") + " (" + table.text(i, which) + ")"
                            : table.model(i, which);
  };
  for (std::size_t i = 0; i < table.rows(); ++i)
    shown.rows.push_back({table.data(i), table.text(i, "prompt"), name(i, "first"),
                          name(i, "second"), table.text(i, "n"),
                          with_range(table, i, "difference", "low", "high"),
                          table.text(i, "p_holm")});
  return {std::move(shown)};
}

/// Data sets and models down, what was perturbed across.
inline std::vector<Table> short_perturbation(View const& table) {
  return {pivot(
      "Dice lost by other words", table.rows(), {"data", "model", "prompt"},
      [](std::size_t) { return true; },
      [&](std::size_t i) {
        return std::vector{table.data(i), table.model(i), table.text(i, "prompt")};
      },
      [&](std::size_t i) { return table.perturbed(i); },
      [&](std::size_t i) { return with_range(table, i, "drop", "low", "high"); })};
}

/// Sets that a model is tested on after training elsewhere: out of distribution, or in a pool.
inline std::vector<Table> short_transfer(View const& table, std::string title,
                                         std::string const& from) {
  return {pivot(
      std::move(title), table.rows(), {"model", from, "prompt"}, [](std::size_t) { return true; },
      [&](std::size_t i) {
        return std::vector{table.model(i), table.text(i, from), table.text(i, "prompt")};
      },
      [&](std::size_t i) { return "on " + table.data(i, "tested_on"); },
      [&](std::size_t i) {
        std::string text = with_interval(table, i);
        for (auto const& [what, column] :
             {std::pair{"on its own set", "dice_own_set"}, {"trained there", "dice_trained_there"}})
          if (table.has(column) && !table.text(i, column).empty())
            text += std::string("\n") + what + " " + table.text(i, column);
        return text;
      })};
}

}  // namespace detail_report

/// A table of tables_of as people read it, in one or several short ones; none of one without rows.
inline std::vector<report::Table> short_tables(NamedTable const& table) {
  using namespace detail_report;
  if (table.table.rows.empty()) return {};
  View const view(table.table);
  if (table.name == "prompts") return short_prompts(view);
  if (table.name == "pretraining") return short_comparison(view, table.table.title, true);
  if (table.name == "models") return short_comparison(view, table.table.title, false);
  if (table.name == "perturbation") return short_perturbation(view);
  if (table.name == "ood") return short_transfer(view, table.table.title, "trained_on");
  if (table.name == "pooled") return short_transfer(view, table.table.title, "pool");
  return {table.table};
}

}  // namespace vlsm::study
