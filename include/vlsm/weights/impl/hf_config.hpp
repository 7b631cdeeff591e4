// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/text/clip_text.hpp"
#include "vlsm/weights/hf_config.hpp"

namespace vlsm::io {

namespace detail {

inline constexpr std::string_view fetch_config = "download the file again";

/// Compares what a configuration says with what an architecture is, and remembers every difference.
class Differences {
 public:
  template <class T>
  void compare(nlohmann::json const& config, char const* key, T const& ours) {
    auto const theirs = config.find(key);
    if (theirs == config.end() || *theirs == nlohmann::json(ours))
      return;  // what is not said is the default
    found_ += (found_.empty() ? "" : "; ") + std::string(key) + " " +
              vlsm::detail::brief(theirs->dump(), 40) + ", the model has " +
              nlohmann::json(ours).dump();
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

VLSM_INLINE void check_hf_config(std::filesystem::path const& path, ClipSegSettings const& ours) {
  std::shared_ptr<MappedFile const> const file = MappedFile::open(path);
  constexpr std::size_t longest = std::size_t{16} << 20;
  if (file->size() > longest)
    throw Error("the configuration is too long", path.string(), detail::fetch_config);
  check_hf_config({reinterpret_cast<char const*>(file->bytes().data()), file->size()},
                  path.string(), ours);
}

VLSM_INLINE void check_hf_config(std::string_view text, std::string const& where,
                                 ClipSegSettings const& ours) {
  nlohmann::json const config = parse_json(text, where, detail::fetch_config);
  if (!config.is_object())
    throw Error("the configuration is no JSON object", where, detail::fetch_config);
  nlohmann::json const type = config.value("model_type", nlohmann::json());
  if (type != "clipseg" && type != "clip") return;
  detail::Differences differences;
  try {
    nlohmann::json const none = nlohmann::json::object();
    nlohmann::json const vision = config.value("vision_config", none),
                         text = config.value("text_config", none);
    if (type == "clipseg") {
      differences.compare(config, "extract_layers", ours.extract_layers);
      // Film modulates the deepest tap, the decoder's first.
      differences.compare(config, "conditional_layer", 0);
      differences.compare(config, "decoder_num_attention_heads", ours.decoder_heads);
    }
    differences.layer(vision, ours.vision);
    differences.layer(text, ours.text);
    // The old rule (2: the largest id ends) and the end token are the same where that token is
    // the last.
    auto const end = text.find("eos_token_id");
    bool const old_rule = end != text.end() && *end == largest_id_ends;
    if (!(old_rule && ours.end == ours.vocabulary - 1))
      differences.compare(text, "eos_token_id", ours.end);
  } catch (nlohmann::json::exception const& e) {
    throw Error(
        "the configuration cannot be understood (" + std::string(e.what()).substr(0, 200) + ")",
        where, detail::fetch_config);
  }
  if (!differences.text().empty())
    throw Error("the configuration is that of another model: " + differences.text(), where,
                "compose an architecture with these values, or choose another checkpoint");
}

}  // namespace vlsm::io
