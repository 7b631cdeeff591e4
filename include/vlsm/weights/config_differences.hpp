// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/nn/transformer_layer.hpp"

namespace vlsm::io {

namespace detail {

inline constexpr std::string_view fetch_config = "download the file again";

}  // namespace detail

/// The text of a config.json. Throws Error where it cannot be read or is too long to be one.
inline std::string read_hf_config(std::filesystem::path const& path) {
  std::shared_ptr<MappedFile const> const file = MappedFile::open(path);
  constexpr std::size_t longest = std::size_t{16} << 20;
  if (file->size() > longest)
    throw Error("the configuration is too long", path.string(), detail::fetch_config);
  return {reinterpret_cast<char const*>(file->bytes().data()), file->size()};
}

/// What Hugging Face's configuration of a tower is where it does not say it: `save_pretrained`
/// leaves out what is the default.
struct HfLayerDefaults {
  int heads = 12;
  char const* activation = "quick_gelu";
  double eps = 1e-5;
};

/// Compares what a configuration says with what an architecture is, and remembers every difference.
class ConfigDifferences {
 public:
  /// `otherwise`: what it is where the configuration does not say it.
  template <class T, class Default>
  void compare(nlohmann::json const& config, char const* key, T const& ours,
               Default const& otherwise) {
    auto const found = config.find(key);
    bool const said = found != config.end();
    nlohmann::json const theirs = said ? *found : nlohmann::json(otherwise);
    if (theirs == nlohmann::json(ours)) return;
    found_ += (found_.empty() ? "" : "; ") + std::string(key) + " " +
              vlsm::strings::brief(theirs.dump(), 40) + (said ? "" : " (not said, the default)") +
              ", the model has " + nlohmann::json(ours).dump();
  }
  void layer(nlohmann::json const& config, LayerConfig const& ours, HfLayerDefaults otherwise) {
    compare(config, "num_attention_heads", ours.heads, otherwise.heads);
    compare(config, "hidden_act",
            ours.activation == Activation::quick_gelu ? "quick_gelu"
            : ours.activation == Activation::gelu     ? "gelu"
                                                      : "relu",
            otherwise.activation);
    double const epsilon = std::pow(10.0, -ours.eps),
                 said = config.value("layer_norm_eps", otherwise.eps);
    if (std::abs(said - epsilon) > 1e-3 * epsilon)
      compare(config, "layer_norm_eps", epsilon, otherwise.eps);
  }
  std::string const& text() const { return found_; }

 private:
  std::string found_;
};

/// Compares the text of a config.json: `compare(differences, config)` looks at the values.
///
/// @param where  the file, for messages
/// @throws Error that names every difference, or says why the text is no configuration
template <class Compare>
void compare_hf_config(std::string_view text, std::string const& where, Compare const& compare) {
  nlohmann::json const config = parse_json(text, where, detail::fetch_config);
  if (!config.is_object())
    throw Error("the configuration is no JSON object", where, detail::fetch_config);
  ConfigDifferences differences;
  try {
    compare(differences, config);
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
