// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/resize.hpp"
#include "vlsm/study/cell_folder.hpp"
#include "vlsm/study/names.hpp"
#include "vlsm/study/published.hpp"
#include "vlsm/study/report.hpp"
#include "vlsm/study/run_study.hpp"
#include "vlsm/train/run_log.hpp"

namespace vlsm::study {

namespace detail_report {

using report::BarChart, report::Gallery, report::Section, report::Table;

/// A table whose cells are asked for by their column's name.
class View {
 public:
  explicit View(Table const& table) : table_(&table) {}
  std::size_t rows() const { return table_->rows.size(); }
  std::string const& text(std::size_t row, std::string_view column) const {
    auto const found = std::ranges::find(table_->headers, column);
    return table_->rows[row][static_cast<std::size_t>(found - table_->headers.begin())];
  }
  /// NaN where the cell is empty.
  double value(std::size_t row, std::string_view column) const {
    std::string const& cell = text(row, column);
    return cell.empty() ? std::numeric_limits<double>::quiet_NaN() : std::atof(cell.c_str());
  }
  report::Bar bar(std::size_t row, std::string_view middle, std::string_view low,
                  std::string_view high) const {
    return {value(row, middle), value(row, low), value(row, high)};
  }

 private:
  Table const* table_;
};

inline Table const& named(std::vector<NamedTable> const& tables, std::string_view name) {
  return std::ranges::find(tables, name, &NamedTable::name)->table;
}

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

/// A chart of rows of a table: `group` and `series` are columns, or nothing where `pick` is false.
template <class Pick, class Group, class Series>
BarChart chart(View const& table, std::string title, std::string axis,
               std::array<std::string_view, 3> columns, Pick const& pick, Group const& group,
               Series const& series) {
  Names groups, colors;
  for (std::size_t i = 0; i < table.rows(); ++i)
    if (pick(i)) groups(group(i)), colors(series(i));
  BarChart bars{.title = std::move(title),
                .value_label = std::move(axis),
                .series = colors.list(),
                .groups = {}};
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  for (std::string const& label : groups.list())
    bars.groups.push_back(
        {label, std::vector<report::Bar>(colors.list().size(), {none, none, none})});
  for (std::size_t i = 0; i < table.rows(); ++i)
    if (pick(i))
      bars.groups[groups(group(i))].bars[colors(series(i))] =
          table.bar(i, columns[0], columns[1], columns[2]);
  return bars;
}

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

/// "0.812 (0.790 to 0.833)", three decimals.
inline std::string with_interval(View const& table, std::size_t i) {
  return report::decimals(table.value(i, "dice"), 3) + "\n(" +
         report::decimals(table.value(i, "dice_low"), 3) + " to " +
         report::decimals(table.value(i, "dice_high"), 3) + ")";
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
inline std::string title_of(std::pair<std::string, std::string> const& training) {
  if (training.first == "zero_shot") return "Zero-shot";
  return training.second == "100" ? "Fine-tuned"
                                  : "Fine-tuned on " + training.second + " % of the pictures";
}

inline bool is_mean(View const& table, std::size_t i) {
  return table.text(i, "data").starts_with("mean of");
}

inline Section prompts_section(View const& table) {
  Section section{.title = "How much should a prompt say?",
                  .text =
                      "Dice of each model on the set that it was trained on (or zero-shot), by "
                      "the richness of the prompt. Beside the means: 95 % bootstrap intervals "
                      "over the pictures."};
  for (auto const& training : trainings(table)) {
    auto const of_it = [&](std::size_t i) {
      return table.text(i, "train") == training.first && table.text(i, "share") == training.second;
    };
    section.parts.emplace_back(pivot(
        title_of(training), table.rows(), {"data", "model"}, of_it,
        [&](std::size_t i) {
          return std::vector{table.text(i, "data"), table.text(i, "model")};
        },
        [&](std::size_t i) { return table.text(i, "prompt"); },
        [&](std::size_t i) {
          return is_mean(table, i) ? report::decimals(table.value(i, "dice"), 3)
                                   : with_interval(table, i);
        }));
    section.parts.emplace_back(chart(
        table, title_of(training) + ": Dice by model and prompt", "Dice",
        {"dice", "dice_low", "dice_high"},
        [&](std::size_t i) { return of_it(i) && !is_mean(table, i); },
        [&](std::size_t i) { return table.text(i, "data") + ", " + table.text(i, "model"); },
        [&](std::size_t i) { return table.text(i, "prompt"); }));
  }
  return section;
}

inline Section pretraining_section(View const& table) {
  Section section{.title = "Natural or medical pretraining?",
                  .text =
                      "Models with one pretraining against those with another, on the same "
                      "pictures and prompts: the difference of their mean Dice, and "
                      "Wilcoxon's signed-rank test with Holm's correction."};
  Table shown{.title = {},
              .headers = {"data", "prompt", "first", "second", "n", "difference", "p (Holm)"},
              .rows = {}};
  for (std::size_t i = 0; i < table.rows(); ++i)
    shown.rows.push_back({table.text(i, "data"), table.text(i, "prompt"),
                          table.text(i, "first_model") + " (" + table.text(i, "first") + ")",
                          table.text(i, "second_model") + " (" + table.text(i, "second") + ")",
                          table.text(i, "n"),
                          report::decimals(table.value(i, "difference"), 3) + "\n(" +
                              report::decimals(table.value(i, "low"), 3) + " to " +
                              report::decimals(table.value(i, "high"), 3) + ")",
                          table.text(i, "p_holm")});
  section.parts.emplace_back(std::move(shown));
  return section;
}

inline Section perturbation_section(View const& table) {
  Section section{.title = "Does it read the words?",
                  .text =
                      "What happens to the Dice of pictures whose prompt is changed when it is "
                      "tested: a drop above 0 means that the model follows the word. 95 % "
                      "bootstrap intervals over the pictures whose prompt changed."};
  std::vector<std::string> prompts;
  for (std::size_t i = 0; i < table.rows(); ++i)
    if (std::string const of = table.text(i, "data") + ", " + table.text(i, "prompt");
        !std::ranges::count(prompts, of))
      prompts.push_back(of);
  for (std::string const& of : prompts)
    section.parts.emplace_back(chart(
        table, of, "drop of Dice", {"drop", "low", "high"},
        [&](std::size_t i) { return table.text(i, "data") + ", " + table.text(i, "prompt") == of; },
        [&](std::size_t i) {
          std::string const& attribute = table.text(i, "attribute");
          return table.text(i, "perturbation") + (attribute.empty() ? "" : ": " + attribute);
        },
        [&](std::size_t i) {
          return table.text(i, "model") +
                 (table.text(i, "train") == "zero_shot" ? " (zero-shot)" : "");
        }));
  return section;
}

/// Sets that a model is tested on after training elsewhere: out of distribution, or in a pool.
inline Section transfer_section(View const& table, std::string title, std::string text,
                                std::string const& from) {
  Section section{.title = std::move(title), .text = std::move(text)};
  section.parts.emplace_back(pivot(
      "Dice", table.rows(), {"model", from, "prompt"}, [](std::size_t) { return true; },
      [&](std::size_t i) {
        return std::vector{table.text(i, "model"), table.text(i, from), table.text(i, "prompt")};
      },
      [&](std::size_t i) { return "on " + table.text(i, "tested_on"); },
      [&](std::size_t i) {
        double const there = table.value(i, "dice_trained_there");
        return with_interval(table, i) +
               (std::isnan(there) ? "" : "\ntrained there " + report::decimals(there, 3));
      }));
  return section;
}

/// The user's numbers beside printed ones.
inline std::optional<Section> published_section(std::vector<NamedTable> const& tables) {
  Table shown{.title = "Dice in percent",
              .headers = {"model", "trained on", "tested on", "prompt", "here", "published"},
              .rows = {},
              .note =
                  "Published: table 2 of the study (MIDL 2024) and its slides. The same group's "
                  "two papers differ by up to 2 points for the same model and set, so that "
                  "much apart is agreement."};
  for (auto const& [name, trained_on, tested_on] : {std::tuple{"prompts", "data", "data"},
                                                    {"ood", "trained_on", "tested_on"},
                                                    {"pooled", "pool", "tested_on"}}) {
    View const table(named(tables, name));
    for (std::size_t i = 0; i < table.rows(); ++i)
      if (double const published = table.value(i, "published_dice"); !std::isnan(published))
        shown.rows.push_back({table.text(i, "model"), table.text(i, trained_on),
                              table.text(i, tested_on), table.text(i, "prompt"),
                              report::decimals(100 * table.value(i, "dice"), 2),
                              report::decimals(100 * published, 2)});
  }
  if (shown.rows.empty()) return std::nullopt;
  return Section{.title = "Beside published numbers", .text = {}, .parts = {std::move(shown)}};
}

/// How the cells of the first seed learned, a plot for each set.
inline Section curves_section(Config const& config, std::vector<CellResult> const& results,
                              std::filesystem::path const& out) {
  Section section{.title = "How they learned",
                  .text = "Dice on the validation pictures, of the first seed."};
  Names subjects;
  std::vector<report::Plot> plots;
  for (CellResult const& result : results) {
    if (result.zero_shot() || result.seed != config.seeds.front()) continue;
    auto const epochs = read_run_log(CellFolder(out, result.id).path());
    std::size_t const at = subjects(result.subject);
    if (at == plots.size())
      plots.push_back(
          {.title = result.subject, .x_label = "epoch", .y_label = "Dice", .curves = {}});
    report::Curve curve{.name = result.label + ", " + result.prompt, .x = {}, .y = {}};
    if (result.share != 100) curve.name += ", " + share_text(result.share) + " %";
    for (Epoch const& epoch : epochs) {
      curve.x.push_back(epoch.epoch);
      curve.y.push_back(epoch.val_dice);
    }
    plots[at].curves.push_back(std::move(curve));
  }
  for (report::Plot& plot : plots) section.parts.emplace_back(std::move(plot));
  return section;
}

/// Best, median and worst picture of each model and set, of the first seed and the richest prompt.
inline Section pictures_section(Config const& config, std::vector<CellResult> const& results,
                                std::filesystem::path const& out) {
  Section section{.title = "Pictures",
                  .text =
                      "The best, the median and the worst test picture by Dice: what the model "
                      "found (green) and the line that was drawn by hand (white)."};
  std::map<std::tuple<std::string, std::string, bool, double>, CellResult const*> last;
  for (CellResult const& result : results)
    if (result.seed == config.seeds.front())
      last[{result.subject, result.label, result.zero_shot(), result.share}] = &result;
  for (auto const& [key, result] : last) {
    Gallery gallery{.title = result->subject + ", " + result->label +
                             (result->prompt == "none" ? "" : ", " + result->prompt) +
                             (result->zero_shot() ? ", zero-shot" : ""),
                    .pictures = {}};
    if (result->tests.empty()) continue;
    auto const& rows = result->tests.front().rows;
    std::vector<std::size_t> const shown = notable_rows(rows);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      auto const file = CellFolder(out, result->id).figures() / figure_name(i);
      std::error_code ignored;
      if (!std::filesystem::exists(file, ignored)) continue;
      RowResult const& row = rows[shown[i]];
      gallery.pictures.push_back({figure_title(i) + std::string(", Dice ") +
                                      report::decimals(row.model.dice, 3) + "\n" + row.mask +
                                      (row.prompt.empty() ? "" : "\n\"" + row.prompt + "\""),
                                  resize_shorter_side(read_image(file), 200)});
    }
    if (!gallery.pictures.empty()) section.parts.emplace_back(std::move(gallery));
  }
  return section;
}

/// Cells that are not finished: how they failed, or that they were not run.
inline std::optional<Section> missing_section(std::vector<Cell> const& cells,
                                              std::filesystem::path const& out) {
  Table table{.title = "Cells", .headers = {"cell", "what happened"}, .rows = {}};
  for (Cell const& cell : cells) {
    CellFolder const folder(out, cell.id);
    if (folder.finished()) continue;
    std::string const error = folder.failure();
    table.rows.push_back({cell.id, error.empty() ? "not run yet" : error});
  }
  if (table.rows.empty()) return std::nullopt;
  return Section{.title = "What is missing", .text = {}, .parts = {std::move(table)}};
}

}  // namespace detail_report

VLSM_INLINE report::Report report_of(Config const& config, std::vector<Cell> const& cells,
                                     std::vector<CellResult> const& results,
                                     std::vector<NamedTable> const& tables,
                                     std::filesystem::path const& out) {
  using detail_report::View, detail_report::named, report::Table;
  report::Report page(config.name.empty() ? "A study" : config.name,
                      std::to_string(results.size()) + " of " + std::to_string(cells.size()) +
                          " cells: " + std::to_string(config.models.size()) + " models, " +
                          std::to_string(config.data.size()) + " data sets, " +
                          std::to_string(config.seeds.size()) +
                          " seeds. All numbers stand in tables/ as CSV, Markdown and LaTeX.");
  auto const add = [&](std::string_view name, auto const& make) {
    if (Table const& table = named(tables, name); !table.rows.empty()) page.add(make(View(table)));
  };
  add("prompts", detail_report::prompts_section);
  add("pretraining", detail_report::pretraining_section);
  add("perturbation", detail_report::perturbation_section);
  add("ood", [](View const& table) {
    return detail_report::transfer_section(table, "Does it carry over to other data?",
                                           "Models on sets that they were not trained on; below, "
                                           "where the study has it, what the same "
                                           "model reaches when it is trained there.",
                                           "trained_on");
  });
  add("pooled", [](View const& table) {
    return detail_report::transfer_section(table, "Trained on several sets together",
                                           "Pooled training, tested set by set.", "pool");
  });
  if (auto section = detail_report::published_section(tables)) page.add(std::move(*section));
  if (auto section = detail_report::pictures_section(config, results, out); !section.parts.empty())
    page.add(std::move(section));
  if (auto section = detail_report::curves_section(config, results, out); !section.parts.empty())
    page.add(std::move(section));
  if (auto section = detail_report::missing_section(cells, out)) page.add(std::move(*section));
  return page;
}

VLSM_INLINE void write_tables(Config const& config, std::vector<Cell> const& cells,
                              std::filesystem::path const& out) {
  std::vector<CellResult> const results = finished_results(cells, out);
  std::vector<NamedTable> const tables = tables_of(results);
  std::error_code failed;
  std::filesystem::create_directories(out / "tables", failed);
  if (failed)
    throw Error("the folder cannot be made (" + failed.message() + ")", (out / "tables").string(),
                "check the folder, its permissions and the free space");
  for (NamedTable const& table : tables)
    for (auto const& [ending, text] : {std::pair{".csv", report::to_csv(table.table)},
                                       {".md", report::to_markdown(table.table)},
                                       {".tex", report::to_latex(table.table)}})
      io::write_whole_file(out / "tables" / (table.name + ending), text, /*flush=*/false);
  report_of(config, cells, results, tables, out).write(out / "report.html");
}

}  // namespace vlsm::study
