// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string_view>

#include "vlsm/io/tensors/array.hpp"

namespace vlsm::io {

/// Reads the weights at `path`: a file of any format, told from its content, or a folder as
/// downloaded from a hub or filled by a person (one file, or parts with an index). Of a file with
/// several state dicts the one is taken whose keys the known schemes explain best, weights before
/// their averages; `section` names another ("model_ema"; the keys that lead to it, with dots, or
/// the last of them; "." is the top level), or the first part of names that have dots ("teacher",
/// or "teacher."). The arrays keep the mapped files alive; nothing is copied unless it is not
/// aligned. Throws Error.
Checkpoint open_checkpoint(std::filesystem::path const& path, std::string_view section = {});

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/io/impl/checkpoint.hpp"
#endif
