// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vlsm/segmenter/model_info.hpp"

namespace vlsm::io {

/// Compares the config.json of a Hugging Face CLIPSeg, or of the CLIP that it starts from, with
/// what those slots of an architecture are that `ours` has; other configurations are not looked at.
/// Throws Error that names every difference, or says why the file cannot be read.
void check_hf_config(std::filesystem::path const& path, ClipSettings const& ours);

/// The same for the text of a config.json; `where` is its file, for messages.
void check_hf_config(std::string_view text, std::string const& where, ClipSettings const& ours);

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/weights/impl/hf_config.hpp"
#endif
