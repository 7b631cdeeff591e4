// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "vlsm/data/annotations.hpp"
#include "vlsm/prompts/perturbation.hpp"

namespace vlsm {

/// Whose templates made the prompts of a data set.
struct PromptSource {
  /// A data set of the study ("busi", "kvasir_polyp"); "words": no templates, values are replaced
  /// wherever they stand. Empty: what `report.json` in `folder` names (vlsm data prepare writes
  /// it), else the first table of the study that made all sentences, else "words".
  std::string dataset{};
  std::filesystem::path folder{};  ///< the data set's, also for messages; may be empty
};

/// What is perturbed in the prompts of a data set.
struct PerturbOptions {
  Perturbation kind = Perturbation::opposite;
  std::string attribute = "all";  ///< or one of perturbed_attributes(); for kinds that take one
  std::string level{};            ///< "p6"; "random": all levels but p0
  PromptSource source{};
  bool may_change_nothing = false;  ///< no Error where no row changes
};

/// What was perturbed.
struct PerturbReport {
  std::string source;           ///< whose templates were used, or "words"
  std::size_t rows = 0;         ///< of the data set
  std::size_t changed = 0;      ///< rows whose prompts are others now
  std::size_t by_words = 0;     ///< sentences that no template of the level made
  std::size_t unknown = 0;      ///< values without a counterpart, which stay
  std::string first_unknown{};  ///< the first of them: color "mauve"
};

/// Changes the prompts of one level in all rows; rows that do not name the attribute ("no polyp")
/// stay. A sentence that no template made is changed by words. Throws Error where no row changes,
/// with the attributes that the level names; for a row without the level, or without p1 for
/// `underdescribed`; for unknown names.
PerturbReport perturb(std::vector<Annotation>& rows, PerturbOptions const& options);

/// The attributes that the prompts of a level name and words can replace: for each of them
/// `perturb` by uncommon, opposite or contradictory words changes some row. Throws Error as
/// `perturb` does for a row without the level and for an unknown name of a data set.
std::vector<std::string> perturbable_attributes(std::vector<Annotation> const& rows,
                                                std::string const& level,
                                                PromptSource const& source = {});

/// Whose templates made the prompts: `source.dataset`, or what is found as said there. Throws Error
/// for a name that is not a data set of the study.
std::string find_prompt_source(std::vector<Annotation> const& rows, PromptSource const& source);

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/prompts/impl/perturb.hpp"
#endif
