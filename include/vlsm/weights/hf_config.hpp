// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/nn/transformer_layer.hpp"

namespace vlsm::io {

/// What the config.json of a Hugging Face CLIPSeg says and no shape reveals.
struct HfClipSeg {
  LayerConfig vision, text;
  std::vector<int> extract_layers;
  int decoder_heads = 0;
  int end = 0;  ///< ClipTextConfig::end
  int vocabulary = 0;
};

/// Compares the config.json of a Hugging Face CLIPSeg, or of the CLIP that it starts from, with
/// what an architecture is; other configurations are not looked at. Throws Error that names every
/// difference.
void check_hf_config(std::filesystem::path const& path, HfClipSeg const& ours);

/// The same for the text of a config.json; `where` is its file, for messages.
void check_hf_config(std::string_view text, std::string const& where, HfClipSeg const& ours);

/// The same for the architecture `A`; one that is no CLIPSeg has nothing to compare.
template <class A>
void check_hf_config(std::filesystem::path const& path) {
  if constexpr (requires {
                  A::Vision::settings.taps;
                  A::Text::settings.end;
                  A::Decoder::settings.heads;
                }) {
    constexpr auto vision = A::Vision::settings;
    constexpr auto text = A::Text::settings;
    check_hf_config(path,
                    {.vision = vision.layer,
                     .text = text.layer,
                     .extract_layers = {vision.taps.begin(), vision.taps.begin() + vision.count},
                     .decoder_heads = A::Decoder::settings.heads,
                     .end = text.end,
                     .vocabulary = text.vocabulary});
  }
}

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/weights/impl/hf_config.hpp"
#endif
