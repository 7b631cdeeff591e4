// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "vlsm/base/compiled.hpp"
#include "vlsm/data/prepare/prepare.hpp"

namespace vlsm {

/// Looks at a set that is in the study's layout: files that are missing or of unequal size, empty
/// masks, the same picture under two names or in two splits, rows that are there twice, equal
/// lists. Throws Error where the annotations or a file cannot be read.
PrepareReport check_dataset(std::filesystem::path const& folder,
                            PrepareOptions const& options = {});

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/data/prepare/impl/check_dataset.hpp"
#endif
