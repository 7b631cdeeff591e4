// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "vlsm/models/blip_vqa.hpp"
#include "vlsm/weights/config_differences.hpp"
#include "vlsm/weights/load.hpp"

namespace vlsm::io {

/// Compares the text of the config.json of a Hugging Face BLIP with a model's sizes, in what no
/// shape of its weights reveals; `where` is its file. Throws Error that names every difference.
inline void check_hf_config(std::string_view text, std::string const& where,
                            BlipVqaConfig const& ours) {
  auto const compare = [&](ConfigDifferences& differences, nlohmann::json const& config) {
    nlohmann::json const none = nlohmann::json::object();
    nlohmann::json const vision = config.value("vision_config", none),
                         text = config.value("text_config", none);
    differences.compare(config, "model_type", "blip", "blip");
    differences.layer(vision, ours.vision.layer, {.activation = "gelu"});
    differences.compare(vision, "image_size", ours.recipe().image, 384);
    differences.compare(vision, "patch_size", ours.vision.patch, 16);
    differences.layer(text, ours.text.layer, {.heads = 8, .activation = "gelu", .eps = 1e-12});
    differences.compare(text, "bos_token_id", ours.frame.start, 30522);
    differences.compare(text, "sep_token_id", ours.frame.end, 102);
    differences.compare(text, "pad_token_id", ours.frame.pad, 0);
  };
  compare_hf_config(text, where, compare);
}

/// Gives `model` the weights of a checkpoint: a file of any supported format, or a folder as
/// downloaded from a hub, whose config.json must agree with the model. Throws as `load_tensors` and
/// `open_checkpoint` do.
template <BlipVqaConfig config>
LoadReport load(BlipVqa<config>& model, std::filesystem::path const& path,
                LoadOptions const& options = {}) {
  Checkpoint checkpoint = open_checkpoint(path, options.section);
  std::filesystem::path const said = path / "config.json";
  std::error_code ignored;
  if (std::filesystem::is_regular_file(said, ignored))
    check_hf_config(read_hf_config(said), said.string(), config);
  return load_checkpoint(
      model, std::move(checkpoint), path.string(), [](std::string_view) { return false; }, options);
}

}  // namespace vlsm::io
