// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vlsm/study/config.hpp"

namespace vlsm::study {

/// A small study of one data set in the study's layout: two small models from random weights, the
/// poorest and the richest prompts, what its words can be perturbed in, at most 48 pictures for
/// training. It ends within minutes on two cores. Throws Error where `data` is not split into
/// train, val and test, or its rows have no prompt level in common.
Config smoke_study(std::filesystem::path const& data);

/// The paper's matrix (MIDL 2024): seven models, those of its eleven data sets that stand below
/// `data` under the names of `vlsm data prepare`, all prompt levels, zero-shot and fine-tuned,
/// perturbed, out of distribution and pooled. `weights` holds what models start from:
/// clipseg-rd64-refined/, cris.pt, biomedclip/ and resnet50.pth. Throws Error where no set is
/// there.
Config midl2024_study(std::filesystem::path const& data, std::filesystem::path const& weights);

/// The names that `--preset` knows.
inline std::vector<std::string> preset_names() { return {"midl2024", "smoke"}; }

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/presets.hpp"
#endif
