// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/study/config.hpp"

namespace vlsm::study {

/// Looks at everything that a study names, before anything runs: models and their weights and
/// vocabularies, data sets with their files and prompt levels, what is perturbed. Throws Error that
/// lists all that is wrong, that of the text (`wrong`, of `read_config`) first; `where` is the
/// config's file.
void check_config(Config const& config, std::string const& where,
                  std::vector<std::string> const& wrong = {});

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/check_config.hpp"
#endif
