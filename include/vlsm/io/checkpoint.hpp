// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string_view>

#include "vlsm/io/tensors/array.hpp"

namespace vlsm::io {

/// Reads the weights at `path`: a file of any format, told from its content, or a folder, as
/// downloaded from a hub or filled by a person, with one file, or parts with an index.
///
/// Where a file holds several state dicts, the one whose keys the known schemes explain best is
/// read, and weights rather than their moving average. `section` picks another: its path
/// ("checkpoint.model_ema"), the last key of it ("model_ema"), "." for the top level, or the first
/// part of dotted names ("teacher", or "teacher."). The arrays lie in the mapped files, which they
/// keep alive; only unaligned ones are copied. Throws Error.
Checkpoint open_checkpoint(std::filesystem::path const& path, std::string_view section = {});

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/io/impl/checkpoint.hpp"
#endif
