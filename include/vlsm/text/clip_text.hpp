// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "vlsm/core/error.hpp"
#include "vlsm/core/ports.hpp"
#include "vlsm/nn/features.hpp"
#include "vlsm/nn/shape_text.hpp"
#include "vlsm/nn/transformer_layer.hpp"

namespace vlsm {

/// Where a sentence ends: the first token of this id. HF keeps 2 for old configurations, where the
/// end is the largest id of the row (for CLIP's own vocabulary, 49407, both name the same token).
inline constexpr int largest_id_ends = 2;

struct ClipTextConfig {
  LayerConfig layer;
  int blocks = 0;
  int vocabulary = 0;
  int positions = 77;  ///< longest prompt
  int end = 49407;     ///< id of the end token, or `largest_id_ends`
  int sentence = 0;    ///< width the end token's vector is projected to
};

/// The text tower of OpenAI's CLIP ViT-B/16.
inline constexpr ClipTextConfig clip_text{
    .layer = {.width = 512, .heads = 8, .ffn = 2048, .activation = Activation::quick_gelu},
    .blocks = 12,
    .vocabulary = 49408,
    .sentence = 512};

/// CLIP's causal text transformer (Radford et al. 2021): the end token's vector is the sentence.
template <ClipTextConfig config>
class ClipText : public Module {
  static_assert(config.layer.width % config.layer.heads == 0,
                "ClipTextConfig: .layer.width is no multiple of .layer.heads");

 public:
  static constexpr ClipTextConfig settings = config;
  static constexpr Words out{.sentence = config.sentence, .words = config.layer.width};
  static constexpr int vocabulary = config.vocabulary;

  /// ids [B, L] -> sentence [B, sentence], words [B, L', width] after the final norm.
  ///
  /// The tower is causal, so no token after the end can change the sentence: the batch is cut to
  /// its longest prompt, L' <= L.
  Said forward(Tokens const& tokens) const {
    check(tokens.ids);
    at::Tensor const end = end_of(tokens.ids);  // [B]
    std::int64_t const length = end.max().template item<std::int64_t>() + 1;
    at::Tensor x =
        at::embedding(tokens_, tokens.ids.slice(1, 0, length)) + positions_.slice(0, 0, length);
    for (auto const& block : blocks_) x = block->forward(x, AttentionMask::causal);
    at::Tensor const words = norm_after_->forward(x);
    at::Tensor const rows = at::arange(words.size(0), end.options());
    return {.sentence = project_->forward(words.index({rows, end})), .words = words};
  }

  static constexpr long long parameter_count() {
    constexpr long long width = config.layer.width;
    return width * (config.vocabulary + config.positions + config.sentence) +
           config.blocks * layer_parameters(config.layer) + LayerNorm::parameter_count(width);
  }
  static constexpr long long flops(Load load) {
    return config.blocks * layer_flops(config.layer, load.tokens) +
           linear_flops(1, config.layer.width, config.sentence);
  }

 private:
  static void check(at::Tensor const& ids) {
    bool const whole = ids.scalar_type() == at::kLong || ids.scalar_type() == at::kInt;
    if (!whole || ids.dim() != 2 || ids.size(0) == 0 || ids.size(1) == 0)
      throw Error(
          "the text tower cannot read these tokens",
          std::string(at::toString(ids.scalar_type())) + ", shape " + shape_text(ids.sizes()),
          "pass int64 ids as [B, L], both at least 1");
    auto const [least, most] = at::aminmax(ids);
    auto const lowest = least.template item<std::int64_t>(),
               highest = most.template item<std::int64_t>();
    if (lowest < 0 || highest >= config.vocabulary)
      throw Error("a token id lies outside the vocabulary",
                  "id " + std::to_string(lowest < 0 ? lowest : highest),
                  "use the tokenizer of this model: its ids go from 0 to " +
                      std::to_string(config.vocabulary - 1));
  }

  // A row without an end token ends at its first one, as in the reference (argmax of no match is
  // 0).
  static at::Tensor end_of(at::Tensor const& ids) {
    at::Tensor const end =
        config.end == largest_id_ends ? ids.argmax(1) : (ids == config.end).to(at::kInt).argmax(1);
    if (end.max().template item<std::int64_t>() >= config.positions)
      throw Error("a prompt is longer than the text tower's positions",
                  std::to_string(ids.size(1)) + " tokens",
                  "cut prompts to " + std::to_string(config.positions) + " tokens");
    return end;
  }

  static constexpr int width = config.layer.width;
  at::Tensor tokens_ = normal("tokens", {config.vocabulary, width}, 0.02);
  at::Tensor positions_ = normal("positions", {config.positions, width}, 0.02);
  std::vector<std::shared_ptr<PreNormLayer>> blocks_ =
      children<PreNormLayer>("blocks", config.blocks, config.layer);
  std::shared_ptr<LayerNorm> norm_after_ = child<LayerNorm>("norm_after", width, config.layer.eps);
  std::shared_ptr<Linear> project_ = child<Linear>("project", width, config.sentence, false);
};

}  // namespace vlsm
