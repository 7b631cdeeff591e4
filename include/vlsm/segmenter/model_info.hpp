// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/compose/fits.hpp"
#include "vlsm/nn/transformer_layer.hpp"

// What an architecture says of itself, for programs that choose a model when they run.
namespace vlsm {

/// One slot of a model.
struct SlotInfo {
  std::string block;        ///< "VisionTransformer"
  std::string writes{};     ///< the shapes of what it hands on, without the batch; empty: nothing
  bool reads_text = false;  ///< beside what the slot before writes
  long long parameters = 0;
  double gflop = 0;  ///< one image, one prompt of 16 tokens
};

/// What the config.json of a CLIP or CLIPSeg says and no shape of its weights reveals, of the slots
/// whose blocks are of such a model.
struct ClipSettings {
  struct Text {
    LayerConfig layer;
    int end = 0;  ///< ClipTextConfig::end
    int vocabulary = 0;
  };
  struct Decoder {
    std::vector<int> extract_layers;
    int heads = 0;
  };
  std::optional<LayerConfig> vision{};
  std::optional<Text> text{};
  std::optional<Decoder> decoder{};
};

/// An architecture as values.
struct ModelInfo {
  FeatureSpec vision;
  TextSpec text;
  FeatureSpec fusion, decoder;
  std::vector<SlotInfo> slots{};  ///< vision, text, fusion, decoder, head
  long long parameters = 0;
  double gflop = 0;  ///< one image, one prompt of 16 tokens
  Recipe recipe{};
  int vocabulary = 0;  ///< ids its text tower knows; 0: it reads no prompt
  PadTo pad_to{};      ///< how its prompts become a batch …
  bool pads = false;   ///< … where the text tower says it
  ClipSettings clip{};
};

namespace detail {

/// "Film" for vlsm::Film<…>, out of what the compiler calls this function.
template <class B>
constexpr std::string_view block_name() {
  std::string_view name = __PRETTY_FUNCTION__;
  name.remove_prefix(name.find("B = ") + 4);
  name = name.substr(0, name.find_first_of("<;]"));
  return name.substr(name.rfind(':') + 1);
}

/// "3 x [485, 768]" or "[512, 52, 52], [1024, 26, 26]": the shapes of a port for a square image.
inline std::string shapes_of(FeatureSpec const& port, int side) {
  std::vector<std::string> shapes;
  for (int i = 0; i < port.count; ++i) {
    int const cells = side / port.stride[i];
    std::string const width = std::to_string(port.width[i]), edge = std::to_string(cells);
    shapes.push_back(port.layout == Layout::map
                         ? "[" + width + ", " + edge + ", " + edge + "]"
                         : "[" + std::to_string(port.class_tokens + cells * cells) + ", " + width +
                               "]");
  }
  if (port.count > 1 && std::ranges::all_of(shapes, [&](auto const& s) { return s == shapes[0]; }))
    return std::to_string(port.count) + " x " + shapes[0];
  std::string text;
  for (std::string const& shape : shapes) text += (text.empty() ? "" : ", ") + shape;
  return text;
}

/// "[512], 16 x [768]": a sentence and the words of 16 tokens.
inline std::string shapes_of(TextSpec const& port) {
  std::string text;
  if (port.sentence) text = "[" + std::to_string(port.sentence) + "]";
  if (port.words)
    text += (text.empty() ? "" : ", ") + ("16 x [" + std::to_string(port.words)) + "]";
  return text;
}

template <class Block>
SlotInfo slot_info(std::string writes, Workload load) {
  bool reads_text = false;
  if constexpr (requires { Block::text; }) reads_text = Block::text != TextSpec{};
  return {.block = std::string(block_name<Block>()),
          .writes = std::move(writes),
          .reads_text = reads_text,
          .parameters = Block::parameter_count(),
          .gflop = static_cast<double>(Block::flops(load)) / 1e9};
}

}  // namespace detail

/// The settings of those slots of an architecture that a config.json of CLIP's describes.
template <class A>
ClipSettings clip_settings() {
  ClipSettings settings;
  if constexpr (requires {
                  A::Vision::settings.layer.heads;
                  A::Vision::settings.taps;
                }) {
    constexpr auto vision = A::Vision::settings;
    settings.vision = vision.layer;
    if constexpr (requires { A::Decoder::settings.heads; })
      settings.decoder = {{vision.taps.begin(), vision.taps.begin() + vision.count},
                          A::Decoder::settings.heads};
  }
  if constexpr (requires {
                  A::Text::settings.layer.heads;
                  A::Text::settings.end;
                }) {
    constexpr auto text = A::Text::settings;
    settings.text = {text.layer, text.end, text.vocabulary};
  }
  return settings;
}

/// The architecture `A` as values.
template <class A>
ModelInfo model_info() {
  using S = Slots<A>;
  constexpr int side = A::recipe.image;
  constexpr Workload load{side, side, 16};
  constexpr FeatureSpec logits = FeatureSpec::alike(1, 1, 1, Layout::map);
  using detail::shapes_of, detail::slot_info;
  ModelInfo info{.vision = S::Vision::out,
                 .text = S::Text::out,
                 .fusion = S::Fusion::out,
                 .decoder = S::Decoder::out,
                 .slots = {slot_info<typename S::Vision>(shapes_of(S::Vision::out, side), load),
                           slot_info<typename S::Text>(shapes_of(S::Text::out), load),
                           slot_info<typename S::Fusion>(shapes_of(S::Fusion::out, side), load),
                           slot_info<typename S::Decoder>(shapes_of(S::Decoder::out, side), load),
                           slot_info<typename S::Head>(shapes_of(logits, side), load)},
                 .parameters = parameter_count<A>(),
                 .gflop = static_cast<double>(flops<A>(16)) / 1e9,
                 .recipe = A::recipe,
                 .clip = clip_settings<A>()};
  if constexpr (requires { S::Text::vocabulary; }) info.vocabulary = S::Text::vocabulary;
  if constexpr (requires { S::Text::pad_to.id; }) info.pad_to = S::Text::pad_to, info.pads = true;
  return info;
}

}  // namespace vlsm
