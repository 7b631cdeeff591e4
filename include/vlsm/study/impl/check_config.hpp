// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/dataset_survey.hpp"
#include "vlsm/data/mask_meaning.hpp"
#include "vlsm/io/weights_files.hpp"
#include "vlsm/prompts/perturb.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/study/cell.hpp"
#include "vlsm/study/impl/config_reader.hpp"
#include "vlsm/study/run_study.hpp"
#include "vlsm/weights/model_tokenizer.hpp"
#include "vlsm/weights/open_model.hpp"

namespace vlsm::study {

namespace detail_check {

/// Runs what may throw Error; the error becomes a complaint.
template <class Try>
bool complains(Complaints& complaints, std::string const& about, Try const& attempt) {
  try {
    attempt();
    return false;
  } catch (Error const& error) {
    complaints.add(about + ": " + error.what());
    return true;
  }
}

/// Returns whether the model reads prompts.
inline bool check_model(Model const& model, bool zero_shot, Complaints& complaints) {
  std::vector<std::string> names;
  for (RegisteredModel const& known : registered_models()) names.emplace_back(known.name);
  if (!std::ranges::count(names, model.model)) {
    complaints.add("unknown model " + in_quotes(model.model) + suggestion(model.model, names));
    return true;
  }
  RegisteredModel const& info = find_model(model.model);
  bool missing = false;
  for (std::string const& file : {model.weights, model.decoder_weights})
    if (!file.empty() && file != "random")
      missing = complains(complaints, model.label, [&] { io::check_weights(file); }) || missing;
  if (missing) return info.vocabulary > 0;
  complains(complaints, model.label, [&] {
    io::open_encode(
        info,
        {.tokenizer = model.tokenizer, .vocabulary = model.vocabulary, .weights = model.weights});
  });
  if (model.weights != "random" || !model.decoder_weights.empty())
    complains(complaints, model.label, [&] {
      io::open_model(info, {.weights = model.weights,
                            .decoder_weights = model.decoder_weights,
                            .section = model.weights_key,
                            .partial = !zero_shot});
    });
  return info.vocabulary > 0;
}

/// What the cells would find once they open the split: masks that do not tell what the object is,
/// are of another size than their pictures, or cannot be read.
inline void check_masks(Set const& set, std::string const& split,
                        std::vector<Annotation> const& rows, Complaints& complaints) {
  complains(complaints, set.name, [&] {
    DatasetOptions options{.allow_empty = set.allow_empty};
    if (!set.mask_value.empty()) options.mask = parse_mask_choice(set.mask_value);
    DatasetSurvey survey{Recipe{}};
    survey.read(rows.size(), 0, [&](std::size_t i) {
      return std::pair{set.path / "images" / rows[i].image, set.path / "masks" / rows[i].mask};
    });
    survey.meaning(options, (set.path / "anns" / (split + ".json")).string());
  });
}

/// The rows of a split; empty, with a complaint, where they can't be read.
inline std::vector<Annotation> rows_of(Set const& set, std::string const& split,
                                       Complaints& complaints) {
  std::vector<Annotation> rows;
  if (complains(complaints, set.name,
                [&] { rows = read_annotations(set.path / "anns" / (split + ".json")); }))
    return {};
  if (rows.empty()) complaints.add(set.name + ": its split " + in_quotes(split) + " is empty");
  std::size_t missing = 0;
  std::string first;
  for (Annotation const& row : rows)
    for (auto const& path : {set.path / "images" / row.image, set.path / "masks" / row.mask}) {
      std::error_code ignored;
      if (!std::filesystem::is_regular_file(path, ignored) && missing++ == 0) first = path.string();
    }
  if (missing)
    complaints.add(set.name + ": the split " + in_quotes(split) + " names " +
                   std::to_string(missing) + " files that do not exist, first " + first);
  else if (!rows.empty())
    check_masks(set, split, rows, complaints);
  return rows;
}

/// What the cells open of a split.
struct Opened {
  std::set<std::string> levels;  ///< "" of models that read no prompts
  bool perturbs_values = false, underdescribes = false;
};
using Splits = std::map<std::pair<std::string, std::string>, Opened>;  // of set and split

inline Splits splits_of(std::vector<Cell> const& cells) {
  Splits splits;
  for (Cell const& cell : cells) {
    for (std::string const& set : cell.trained_on)
      for (char const* split : {"train", "val"}) splits[{set, split}].levels.insert(cell.level());
    for (Test const& test : cell.tests) {
      Opened& opened = splits[{test.set, test.split}];
      opened.levels.insert(cell.level());
      if (test.purpose != Purpose::perturbed) continue;
      Perturbation const kind = parse_perturbation(test.perturbation);
      opened.perturbs_values = opened.perturbs_values || takes_attribute(kind);
      opened.underdescribes = opened.underdescribes || kind == Perturbation::underdescribed;
    }
  }
  return splits;
}

inline void check_levels(std::string const& set, std::string const& split, Opened const& opened,
                         std::vector<Annotation> const& rows, Complaints& complaints) {
  std::vector<std::string> const levels = common_levels(rows);
  std::set<std::string> wanted = opened.levels;
  wanted.erase("");
  if (opened.underdescribes) wanted.insert("p1");
  for (std::string const& level : wanted) {
    bool const there =
        level == "random"
            ? std::ranges::any_of(levels, [](std::string const& one) { return one != "p0"; })
            : std::ranges::count(levels, level) > 0;
    if (there) continue;
    complaints.add(set + ": not all rows of " + in_quotes(split) + " have a prompt of level " +
                   in_quotes(level) +
                   (levels.empty() ? std::string() : ", they have " + strings::joined(levels)));
  }
}

/// The attributes that the prompts of the levels name.
inline std::set<std::string> named_attributes(Set const& set, Opened const& opened,
                                              std::vector<Annotation> const& rows,
                                              Complaints& complaints) {
  std::set<std::string> named;
  std::vector<std::string> const levels = common_levels(rows);
  complains(complaints, set.name, [&] {
    for (std::string const& level : opened.levels)
      if (std::ranges::count(levels, level))
        for (auto const& name :
             perturbable_attributes(rows, level, {.dataset = set.dataset, .folder = set.path}))
          named.insert(name);
  });
  return named;
}

/// What a study perturbs must stand in the prompts of some set.
inline void check_attributes(std::vector<std::string> const& attributes,
                             std::set<std::string> const& named, Complaints& complaints) {
  for (std::string const& attribute : attributes)
    if (attribute != "all" && !named.contains(attribute) &&
        std::ranges::count(perturbed_attributes(), attribute))
      complaints.add(
          "no prompt of the study's sets and levels names the attribute " + in_quotes(attribute) +
          (named.empty() ? ", nor another one" : ", they name " + strings::joined(named)));
}

inline void check_set_options(Set const& set, Complaints& complaints) {
  if (!set.mask_value.empty())
    complains(complaints, set.name, [&] { parse_mask_choice(set.mask_value); });
  if (!set.dataset.empty())
    complains(complaints, set.name,
              [&] { find_prompt_source({}, {.dataset = set.dataset, .folder = set.path}); });
}

/// Each cell needs a folder of its own.
inline void check_ids(std::vector<Cell> const& cells, Complaints& complaints) {
  constexpr std::size_t longest = 200;  // file systems allow 255 bytes
  std::set<std::string> taken, said;
  for (Cell const& cell : cells) {
    if (!taken.insert(cell.id).second && said.insert(cell.id).second)
      complaints.add("two cells would share the folder " + in_quotes(cell.id) +
                     ", give labels, sets and pools names that differ in letters and digits");
    if (cell.id.size() > longest && said.insert("").second)
      complaints.add("the folder " + in_quotes(cell.id) + " of a cell has a name of " +
                     std::to_string(cell.id.size()) + " bytes, give shorter names");
  }
}

inline void check_test_names(Tests const& tests, Complaints& complaints) {
  for (std::string const& name : tests.perturbations)
    if (!std::ranges::count(perturbation_names, name))
      complaints.add("unknown perturbation " + in_quotes(name) +
                     suggestion(name, perturbation_names));
  std::vector<std::string> attributes = perturbed_attributes();
  attributes.emplace_back("all");
  if (!tests.perturbations.empty())
    for (std::string const& name : tests.attributes)
      if (!std::ranges::count(attributes, name))
        complaints.add("there are no words to replace the attribute " + in_quotes(name) +
                       suggestion(name, attributes));
}

}  // namespace detail_check

VLSM_INLINE void check_config(Config const& config, std::string const& where,
                              std::vector<std::string> const& wrong) {
  Complaints complaints(wrong);
  std::map<std::string, bool> reads_prompts;  // by label
  for (Model const& model : config.models)
    reads_prompts[model.label] =
        detail_check::check_model(model, config.zero_shot && model.zero_shot, complaints);
  detail_check::check_test_names(config.tests, complaints);
  for (Set const& set : config.data) detail_check::check_set_options(set, complaints);
  if (!wrong.empty()) {  // its names may stand for nothing, so there are no cells to look at
    for (Set const& set : config.data)
      for (std::string const& split : set.test_splits)
        detail_check::rows_of(set, split, complaints);
    complaints.raise(where);
  }
  Config known = config;  // without names that stand for nothing, which have been said
  std::erase_if(known.tests.perturbations, [](std::string const& name) {
    return !std::ranges::count(perturbation_names, name);
  });
  std::vector<Cell> const cells =
      cells_of(known, [&](Model const& model) { return reads_prompts[model.label]; });
  if (cells.empty())
    complaints.add("the study tests nothing, give it models, data, prompts and a test");
  detail_check::check_ids(cells, complaints);
  std::set<std::string> named;
  bool perturbs_values = false;
  for (auto const& [place, opened] : detail_check::splits_of(cells)) {
    Set const& set = find_set(config, place.first);
    auto const rows = detail_check::rows_of(set, place.second, complaints);
    if (rows.empty()) continue;
    detail_check::check_levels(set.name, place.second, opened, rows, complaints);
    if (!opened.perturbs_values) continue;
    perturbs_values = true;
    named.merge(detail_check::named_attributes(set, opened, rows, complaints));
  }
  if (perturbs_values) detail_check::check_attributes(config.tests.attributes, named, complaints);
  complaints.raise(where);
}

}  // namespace vlsm::study
