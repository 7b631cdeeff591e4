// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <set>
#include <system_error>

#include "vlsm/base/compiled.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/io/find_weights.hpp"
#include "vlsm/prompts/perturb.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/study/check_config.hpp"
#include "vlsm/study/impl/config_reader.hpp"
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
    return false;
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
  if (model.weights != "random")
    complains(complaints, model.label, [&] {
      io::open_model(info, {.weights = model.weights,
                            .decoder_weights = model.decoder_weights,
                            .section = model.weights_key,
                            .partial = !zero_shot});
    });
  return info.vocabulary > 0;
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
  return rows;
}

inline void check_levels(Set const& set, std::string const& split,
                         std::vector<Annotation> const& rows,
                         std::vector<std::string> const& prompts, Complaints& complaints) {
  if (rows.empty()) return;
  std::vector<std::string> const levels = common_levels(rows);
  for (std::string const& prompt : prompts) {
    if (prompt == "random" ? levels.size() > 1 : std::ranges::count(levels, prompt) > 0) continue;
    complaints.add(set.name + ": not all rows of " + in_quotes(split) + " have a prompt of level " +
                   in_quotes(prompt) +
                   (levels.empty() ? std::string() : ", they have " + detail::joined(levels)));
  }
}

/// What a study perturbs must stand in the prompts of some level.
inline void check_perturbed(Config const& config, Set const& set,
                            std::vector<Annotation> const& rows,
                            std::vector<std::string> const& prompts, Complaints& complaints) {
  std::set<std::string> named;
  std::vector<std::string> const levels = common_levels(rows);
  PromptSource const source{.dataset = set.dataset, .folder = set.path};
  bool const failed = complains(complaints, set.name, [&] {
    for (std::string const& level : prompts)
      if (std::ranges::count(levels, level))
        for (auto const& name : perturbable_attributes(rows, level, source)) named.insert(name);
  });
  if (failed) return;
  for (std::string const& attribute : config.tests.attributes)
    if (attribute != "all" && !named.contains(attribute) &&
        std::ranges::count(perturbed_attributes(), attribute))
      complaints.add(
          set.name + ": no prompt of the study's levels names the attribute " +
          in_quotes(attribute) +
          (named.empty() ? ", nor another one" : ", they name " + detail::joined(named)));
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

VLSM_INLINE void check_config(Config const& config, std::string const& where) {
  Complaints complaints;
  bool reads_prompts = false;
  for (Model const& model : config.models)
    reads_prompts = detail_check::check_model(model, config.zero_shot, complaints) || reads_prompts;
  detail_check::check_test_names(config.tests, complaints);
  bool perturbs_values = false;  // of attributes
  for (std::string const& name : config.tests.perturbations)
    perturbs_values = perturbs_values || (std::ranges::count(perturbation_names, name) &&
                                          takes_attribute(parse_perturbation(name)));
  for (Set const& set : config.data) {
    std::vector<std::string> const& prompts = set.prompts.empty() ? config.prompts : set.prompts;
    std::vector<std::string> splits = set.test_splits;
    if (set.trained && config.fine_tuned) splits.insert(splits.begin(), {"train", "val"});
    for (std::string const& split : splits) {
      auto const rows = detail_check::rows_of(set, split, complaints);
      if (!reads_prompts) continue;
      detail_check::check_levels(set, split, rows, prompts, complaints);
      if (perturbs_values && split == set.test_splits.front() && !rows.empty())
        detail_check::check_perturbed(config, set, rows, prompts, complaints);
    }
  }
  complaints.raise(where);
}

}  // namespace vlsm::study
