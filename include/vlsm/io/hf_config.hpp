// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "vlsm/core/error.hpp"
#include "vlsm/decoder/transformer.hpp"
#include "vlsm/text/clip_text.hpp"
#include "vlsm/vision/vit.hpp"

namespace vlsm::io {

namespace detail {

/// Compares what a configuration says with what an architecture is, and remembers every difference.
class Differences {
 public:
  template <class T>
  void compare(nlohmann::json const& config, char const* key, T const& ours) {
    auto const theirs = config.find(key);
    if (theirs == config.end() || *theirs == nlohmann::json(ours))
      return;  // what is not said is the default
    found_ += (found_.empty() ? "" : "; ") + std::string(key) + " " + theirs->dump() +
              ", the model has " + nlohmann::json(ours).dump();
  }
  void layer(nlohmann::json const& config, LayerConfig const& ours) {
    compare(config, "num_attention_heads", ours.heads);
    compare(config, "hidden_act",
            ours.activation == Activation::quick_gelu ? "quick_gelu"
            : ours.activation == Activation::gelu     ? "gelu"
                                                      : "relu");
    double const epsilon = std::pow(10.0, -ours.eps),
                 said = config.value("layer_norm_eps", epsilon);
    if (std::abs(said - epsilon) > 1e-3 * epsilon) compare(config, "layer_norm_eps", epsilon);
  }
  std::string const& text() const { return found_; }

 private:
  std::string found_;
};

}  // namespace detail

/// Checks what no shape reveals (heads, activations, tapped blocks, the end token) between the
/// config.json of a Hugging Face CLIPSeg and the architecture `A`. Other configurations are not
/// looked at. Throws Error that names every difference.
template <class A>
void check_hf_config(std::filesystem::path const& path) {
  if constexpr (requires {
                  A::Vision::settings.taps;
                  A::Text::settings.end;
                  A::Decoder::settings.heads;
                }) {
    std::ifstream in(path);
    nlohmann::json const config = nlohmann::json::parse(in, nullptr, false);
    if (config.is_discarded() || !config.is_object())
      throw Error("the configuration is no valid JSON", path.string(), "download the file again");
    if (config.value("model_type", nlohmann::json()) != "clipseg") return;
    detail::Differences differences;
    try {
      constexpr auto vision = A::Vision::settings;
      constexpr auto text = A::Text::settings;
      nlohmann::json const none = nlohmann::json::object();
      nlohmann::json const said_vision = config.value("vision_config", none),
                           said_text = config.value("text_config", none);
      differences.compare(
          config, "extract_layers",
          std::vector<int>(vision.taps.begin(), vision.taps.begin() + vision.count));
      differences.compare(config, "conditional_layer",
                          0);  // Film modulates the deepest tap, the decoder's first
      differences.compare(config, "decoder_num_attention_heads", A::Decoder::settings.heads);
      differences.layer(said_vision, vision.layer);
      differences.layer(said_text, text.layer);
      // The old rule (2: the largest id ends) and the end token are the same where that token is
      // the last.
      int const end = said_text.value("eos_token_id", text.end);
      if (!(end == largest_id_ends && text.end == text.vocabulary - 1))
        differences.compare(said_text, "eos_token_id", text.end);
    } catch (nlohmann::json::exception const& e) {
      throw Error("the configuration cannot be understood (" + std::string(e.what()) + ")",
                  path.string(), "download the file again");
    }
    if (!differences.text().empty())
      throw Error("the configuration is that of another model: " + differences.text(),
                  path.string(),
                  "compose an architecture with these values, or choose another checkpoint");
  }
}

}  // namespace vlsm::io
