// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <system_error>
#include <tuple>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/resize.hpp"
#include "vlsm/study/cell_folder.hpp"
#include "vlsm/study/names.hpp"
#include "vlsm/study/published.hpp"
#include "vlsm/study/report.hpp"
#include "vlsm/study/run_study.hpp"
#include "vlsm/study/short_tables.hpp"
#include "vlsm/train/run_log.hpp"

namespace vlsm::study {

namespace detail_report {

using report::BarChart, report::Gallery, report::Section, report::Table;

inline NamedTable const& named(std::vector<NamedTable> const& tables, std::string_view name) {
  return *std::ranges::find(tables, name, &NamedTable::name);
}

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

inline void add_tables(Section& section, NamedTable const& table) {
  for (Table& one : short_tables(table)) section.parts.emplace_back(std::move(one));
}

inline Section prompts_section(NamedTable const& named) {
  View const table(named.table);
  Section section{.title = "How much should a prompt say?",
                  .text =
                      "Dice of each model on the set that it was trained on (or zero-shot), by "
                      "the richness of the prompt. Beside the means: 95 % bootstrap intervals "
                      "over the pictures."};
  add_tables(section, named);
  for (auto const& training : trainings(table))
    section.parts.emplace_back(chart(
        table, title_of(training) + ": Dice by model and prompt", "Dice",
        {"dice", "dice_low", "dice_high"},
        [&](std::size_t i) {
          return table.text(i, "train") == training.first &&
                 table.text(i, "share") == training.second && !is_mean(table, i);
        },
        [&](std::size_t i) { return table.data(i) + ", " + table.text(i, "model"); },
        [&](std::size_t i) { return table.text(i, "prompt"); }));
  return section;
}

inline Section perturbation_section(NamedTable const& named) {
  View const table(named.table);
  Section section{.title = "Does it read the words?",
                  .text =
                      "What happens to the Dice of pictures whose prompt is changed when it is "
                      "tested: a drop above 0 means that the model follows the word. 95 % "
                      "bootstrap intervals over the pictures whose prompt changed."};
  std::vector<std::string> prompts;
  auto const subject = [&](std::size_t i) {
    return table.data(i) + ", " + table.text(i, "prompt");
  };
  for (std::size_t i = 0; i < table.rows(); ++i)
    if (!std::ranges::count(prompts, subject(i))) prompts.push_back(subject(i));
  for (std::string const& of : prompts)
    section.parts.emplace_back(chart(
        table, of, "drop of Dice", {"drop", "low", "high"},
        [&](std::size_t i) { return subject(i) == of; },
        [&](std::size_t i) { return table.perturbed(i); },
        [&](std::size_t i) { return table.model(i); }));
  return section;
}

inline Section tables_section(NamedTable const& named, std::string title, std::string text) {
  Section section{.title = std::move(title), .text = std::move(text)};
  add_tables(section, named);
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
    View const table(named(tables, name).table);
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

/// A figure; nothing where it is missing or cannot be read (after a power cut, say).
inline std::optional<Image> figure_of(std::filesystem::path const& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  try {
    return read_image(file);
  } catch (Error const&) {
    return std::nullopt;
  }
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
    Gallery gallery{
        .title = result->subject + ", " + result->label +
                 (result->prompt == "none" ? "" : ", " + result->prompt) +
                 (result->zero_shot()    ? ", zero-shot"
                  : result->share != 100 ? ", " + share_text(result->share) + " % of the pictures"
                                         : ""),
        .pictures = {}};
    if (result->tests.empty()) continue;
    auto const& rows = result->tests.front().rows;
    std::vector<std::size_t> const shown = notable_rows(rows);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      std::string const name = figure_title(i, shown.size());
      auto const figure = figure_of(CellFolder(out, result->id).figures() / (name + ".png"));
      if (!figure) continue;
      RowResult const& row = rows[shown[i]];
      gallery.pictures.push_back({name + ", Dice " + report::decimals(row.model.dice, 3) + "\n" +
                                      row.mask +
                                      (row.prompt.empty() ? "" : "\n\"" + row.prompt + "\""),
                                  resize_shorter_side(*figure, 200)});
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
  using detail_report::named;
  report::Report page(config.name.empty() ? "A study" : config.name,
                      std::to_string(results.size()) + " of " + std::to_string(cells.size()) +
                          " cells: " + std::to_string(config.models.size()) + " models, " +
                          std::to_string(config.data.size()) + " data sets, " +
                          std::to_string(config.seeds.size()) +
                          " seeds. All numbers stand in tables/ as CSV, Markdown and LaTeX.");
  auto const add = [&](std::string_view name, auto const& make) {
    if (NamedTable const& table = named(tables, name); !table.table.rows.empty())
      page.add(make(table));
  };
  auto const tables_as = [](std::string title, std::string text) {
    return
        [=](NamedTable const& table) { return detail_report::tables_section(table, title, text); };
  };
  add("prompts", detail_report::prompts_section);
  add("pretraining",
      tables_as("Natural or medical pretraining?",
                "Models with one pretraining against those with another, on the same pictures and "
                "prompts: the difference of their mean Dice, and Wilcoxon's signed-rank test with "
                "Holm's correction."));
  add("perturbation", detail_report::perturbation_section);
  add("ood", tables_as("Does it carry over to other data?",
                       "Models on sets that they were not trained on; below, where the study has "
                       "it, what the same model reaches when it is trained there."));
  add("pooled", tables_as("Trained on several sets together", "Pooled training, set by set."));
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
  io::FileLock const lock(out / ".lock", /*wait=*/true);  // the last to write has seen all cells
  std::vector<CellResult> const results = finished_results(cells, out);
  std::vector<NamedTable> const tables = tables_of(results);
  io::make_folder(out / "tables", "check the folder, its permissions and the free space");
  for (NamedTable const& table : tables) {
    std::string markdown, latex;
    for (report::Table const& one : short_tables(table)) {
      markdown += (markdown.empty() ? "" : "\n") + report::to_markdown(one);
      latex += (latex.empty() ? "" : "\n") + report::to_latex(one);
    }
    for (auto const& [ending, text] :
         {std::pair{".csv", report::to_csv(table.table)}, {".md", markdown}, {".tex", latex}})
      io::write_whole_file(out / "tables" / (table.name + ending), text, /*flush=*/false);
  }
  report_of(config, cells, results, tables, out).write(out / "report.html");
}

}  // namespace vlsm::study
