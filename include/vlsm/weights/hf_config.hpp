// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vlsm/segmenter/model_info.hpp"

namespace vlsm::io {

/// Compares the config.json of a Hugging Face CLIPSeg, or of the CLIP that it starts from, with
/// what an architecture is; other configurations are not looked at. Throws Error that names every
/// difference.
void check_hf_config(std::filesystem::path const& path, ClipSegSettings const& ours);

/// The same for the text of a config.json; `where` is its file, for messages.
void check_hf_config(std::string_view text, std::string const& where, ClipSegSettings const& ours);

/// The same for the architecture `A`; one that is no CLIPSeg has nothing to compare.
template <class A>
void check_hf_config(std::filesystem::path const& path) {
  if (auto const ours = clipseg_settings<A>()) check_hf_config(path, *ours);
}

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/weights/impl/hf_config.hpp"
#endif
