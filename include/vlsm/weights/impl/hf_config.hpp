// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "vlsm/base/compiled.hpp"
#include "vlsm/text/clip_text.hpp"
#include "vlsm/weights/config_differences.hpp"
#include "vlsm/weights/hf_config.hpp"

namespace vlsm::io {

VLSM_INLINE void check_hf_config(std::filesystem::path const& path, ClipSettings const& ours) {
  check_hf_config(read_hf_config(path), path.string(), ours);
}

VLSM_INLINE void check_hf_config(std::string_view text, std::string const& where,
                                 ClipSettings const& ours) {
  auto const compare = [&](ConfigDifferences& differences, nlohmann::json const& config) {
    nlohmann::json const type = config.value("model_type", nlohmann::json());
    if (type != "clipseg" && type != "clip") return;
    nlohmann::json const none = nlohmann::json::object();
    nlohmann::json const vision = config.value("vision_config", none),
                         text = config.value("text_config", none);
    if (type == "clipseg" && ours.decoder) {
      // A decoder may stand behind another tower, whose taps are its own.
      if (ours.vision) differences.compare(config, "extract_layers", ours.decoder->extract_layers);
      // Film modulates the deepest tap, the decoder's first.
      differences.compare(config, "conditional_layer", 0);
      differences.compare(config, "decoder_num_attention_heads", ours.decoder->heads);
    }
    if (ours.vision) differences.layer(vision, *ours.vision);
    if (!ours.text) return;
    differences.layer(text, ours.text->layer);
    // The old rule (2: the largest id ends) and the end token are the same where that token is
    // the last.
    auto const end = text.find("eos_token_id");
    bool const old_rule = end != text.end() && *end == largest_id_ends;
    if (!(old_rule && ours.text->end == ours.text->vocabulary - 1))
      differences.compare(text, "eos_token_id", ours.text->end);
  };
  compare_hf_config(text, where, compare);
}

}  // namespace vlsm::io
