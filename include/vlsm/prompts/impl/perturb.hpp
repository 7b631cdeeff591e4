// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/prompts/location.hpp"
#include "vlsm/prompts/perturb.hpp"
#include "vlsm/prompts/tables.hpp"

namespace vlsm {

namespace detail {

/// The name of the data set in a report of `vlsm data prepare` whose prompts are the study's; empty
/// where there is none, or another file of that name.
inline std::string dataset_of_report(std::filesystem::path const& folder) {
  auto const text = io::read_whole_file(folder / "report.json");
  if (folder.empty() || !text) return {};
  try {
    auto const json = parse_json(*text, "", "");
    if (json.is_object() && json.contains("dataset") && json["dataset"].is_string() &&
        json.value("prompts", nlohmann::json()) != "own")
      return json["dataset"].get<std::string>();
  } catch (Error const&) {
  }
  return {};
}

/// Whether a table made all sentences of all rows: most of their values have a counterpart, and no
/// value without one belongs to another attribute. "red polyp" is not of the shape "red".
/// With `all_known` each value has to have a counterpart, which is soon seen.
inline bool explains(PromptTable const& table, std::vector<Annotation> const& rows,
                     bool all_known) {
  Perturber const all(Perturbation::opposite, "all");
  std::size_t known = 0, unknown = 0;
  auto const made = [&](std::string const& level, std::string const& sentence) {
    auto const read = all.change(table, level, sentence);
    if (!read || (all_known && !read->unknown.empty())) return false;
    known += read->known, unknown += read->unknown.size();
    return std::ranges::all_of(read->unknown,
                               [&](std::string const& value) { return all.words(value) == value; });
  };
  for (Annotation const& row : rows)
    for (auto const& [level, sentences] : row.prompts)
      for (std::string const& sentence : sentences)
        if (!made(level, sentence)) return false;
  return unknown == 0 || known > unknown;
}

/// Where a data set lies, for messages.
inline std::string where_of(PromptSource const& source) {
  return source.folder.empty() ? "the annotations" : source.folder.string();
}

/// The levels of a row that are asked for by a name or "random". Throws Error where there is none.
inline std::vector<std::string> asked_levels(Annotation const& row, std::string const& level,
                                             std::string const& where) {
  std::vector<std::string> levels, all;
  for (auto const& [name, sentences] : row.prompts) all.push_back(name);
  if (level == "random")
    levels = drawn_levels(row.prompts);
  else if (row.prompts.contains(level))
    levels = {level};
  if (levels.empty())
    throw Error("the row of " + strings::brief(row.mask, 80) + " has no prompt \"" +
                    strings::brief(level, 40) + "\"",
                where, "choose one of " + strings::joined(all));
  return levels;
}

/// A row's level with the longest sentence; the one that is asked for where none is longer.
inline std::string richest(Annotation const& row, std::string const& asked) {
  auto const longest = [&](std::string const& level) {
    std::size_t size = 0;
    for (std::string const& sentence : row.prompts.at(level))
      size = std::max(size, sentence.size());
    return size;
  };
  std::string best = asked;
  for (auto const& [level, sentences] : row.prompts)
    if (longest(level) > longest(best)) best = level;
  return best;
}

/// Changes sentences by a table where there is one that made them, else by words.
class SentenceChange {
 public:
  SentenceChange(Perturbation kind, std::string const& attribute, std::string const& source)
      : perturber_(kind, attribute), table_(study_prompt_table(source)) {}

  std::string operator()(std::string const& level, std::string const& sentence,
                         PerturbReport& report) const {
    std::optional<Perturber::Changed> changed;
    if (table_) changed = perturber_.change(*table_, level, sentence);
    if (!changed) {
      ++report.by_words;
      return perturber_.words(sentence);
    }
    report.unknown += changed->unknown.size();
    if (report.first_unknown.empty() && !changed->unknown.empty())
      report.first_unknown = changed->unknown[0];
    return std::move(changed->text);
  }

 private:
  Perturber perturber_;
  std::optional<PromptTable> table_;
};

/// Throws Error: no row was changed.
[[noreturn]] inline void fail_unchanged(std::vector<Annotation> const& rows,
                                        PerturbOptions const& options,
                                        PerturbReport const& report) {
  std::string const of = "no prompt of level " + strings::brief(options.level, 40) + " ",
                    where = where_of(options.source);
  if (options.kind == Perturbation::location_missing)
    throw Error(of + "says where the object is", where, "choose another level");
  if (!takes_attribute(options.kind))
    throw Error(of + "differs from the one that would replace it", where, "choose another level");
  bool const all = options.attribute == "all";
  auto const named = perturbable_attributes(rows, options.level, options.source);
  std::string const remedy = named.empty() ? std::string("choose another level")
                                           : "choose one of " + strings::joined(named);
  if (report.unknown > 0)
    throw Error(of + "has a value with a counterpart, the first is " + report.first_unknown, where,
                remedy);
  throw Error(of + "names " + (all ? std::string("an attribute") : options.attribute), where,
              remedy);
}

}  // namespace detail

VLSM_INLINE std::string find_prompt_source(std::vector<Annotation> const& rows,
                                           PromptSource const& source) {
  if (source.dataset == "words" || (!source.dataset.empty() && study_prompt_table(source.dataset)))
    return source.dataset;
  if (!source.dataset.empty())
    throw Error("this is no data set of the study", strings::brief(source.dataset, 60),
                "choose busi, camus, chexlocalize, kvasir_polyp, isic, dfu, or words");
  std::string const reported = detail::dataset_of_report(source.folder);
  if (study_prompt_table(reported)) return reported;
  for (bool const all_known : {true, false})
    for (char const* name : {"polyp", "isic", "dfu", "busi", "camus", "chexlocalize"})
      if (detail::explains(study_prompt_table(name).value(), rows, all_known)) return name;
  return "words";
}

VLSM_INLINE std::vector<std::string> perturbable_attributes(std::vector<Annotation> const& rows,
                                                            std::string const& level,
                                                            PromptSource const& source) {
  std::string const templates = find_prompt_source(rows, source);
  std::vector<std::string> names;
  for (std::string const& attribute : perturbed_attributes()) {
    detail::SentenceChange const change(Perturbation::opposite, attribute, templates);
    PerturbReport ignored;
    auto const changes = [&](Annotation const& row) {
      for (std::string const& one : detail::asked_levels(row, level, detail::where_of(source)))
        for (std::string const& sentence : row.prompts.at(one))
          if (change(one, sentence, ignored) != sentence) return true;
      return false;
    };
    if (std::ranges::any_of(rows, changes)) names.push_back(attribute);
  }
  return names;
}

VLSM_INLINE PerturbReport perturb(std::vector<Annotation>& rows, PerturbOptions const& options) {
  PerturbReport report{.source = find_prompt_source(rows, options.source), .rows = rows.size()};
  std::string const where = detail::where_of(options.source);
  std::optional<detail::SentenceChange> change;
  if (takes_attribute(options.kind)) change.emplace(options.kind, options.attribute, report.source);
  auto const changed = [&](Annotation const& row, std::string const& level) {
    if (options.kind == Perturbation::overdescribed)
      return row.prompts.at(detail::richest(row, level));
    if (options.kind == Perturbation::underdescribed)
      return row.prompts.at(detail::asked_levels(row, "p1", where)[0]);
    auto sentences = row.prompts.at(level);
    for (std::string& sentence : sentences)
      sentence = change ? (*change)(level, sentence, report) : without_location(sentence);
    return sentences;
  };
  std::vector<Annotation> result = rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::string const& level : detail::asked_levels(rows[i], options.level, where))
      result[i].prompts[level] = changed(rows[i], level);
    report.changed += result[i].prompts != rows[i].prompts;
  }
  if (report.changed == 0 && !options.may_change_nothing)
    detail::fail_unchanged(rows, options, report);
  rows = std::move(result);
  return report;
}

}  // namespace vlsm
