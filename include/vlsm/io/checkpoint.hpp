// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "vlsm/io/checkpoint_data.hpp"

namespace vlsm::io {

/// Reads the weights at `path`: a file of any format, told from its content, or a folder as
/// downloaded from a hub (one file, or parts with an index). The arrays keep the mapped files
/// alive; nothing is copied unless it is not aligned. Throws Error.
Checkpoint open_checkpoint(std::filesystem::path const& path);

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/io/impl/checkpoint.hpp"
#endif
