// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

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
      if (ours.vision)
        differences.compare(config, "extract_layers", ours.decoder->extract_layers,
                            std::vector{3, 6, 9});
      // Film modulates the deepest tap, the decoder's first.
      differences.compare(config, "conditional_layer", 0, 0);
      differences.compare(config, "decoder_num_attention_heads", ours.decoder->heads, 4);
    }
    // A configuration without a tower says nothing of it; one with it leaves out defaults.
    if (ours.vision && config.contains("vision_config"))
      differences.layer(vision, *ours.vision, {});
    if (!ours.text || !config.contains("text_config")) return;
    differences.layer(text, ours.text->layer, {.heads = 8});
    // The old rule (2: the largest id ends) and the end token are the same where that token is
    // the last.
    auto const end = text.find("eos_token_id");
    bool const old_rule = end != text.end() && *end == largest_id_ends;
    if (!(old_rule && ours.text->end == ours.text->vocabulary - 1))
      differences.compare(text, "eos_token_id", ours.text->end, 49407);
  };
  compare_hf_config(text, where, compare);
}

}  // namespace vlsm::io
