// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/base/error.hpp"
#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/check_input.hpp"
#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/transformer_layer.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// Where a sentence ends: the first token of this id. HF keeps 2 for old configurations, where the
/// end is the largest id of the row (for CLIP's own vocabulary, 49407, both name the same token).
inline constexpr int largest_id_ends = 2;

/// What stands behind a sentence's end, and whether readers of the words see it.
enum class TextPadding {
  end_masked,    ///< the end token again; no word
  zero_masked,   ///< token 0, which is no word anywhere (CRIS takes its pads for id 0, so for "!"
                 ///< too)
  end_attended,  ///< the end token again, up to the last position, and each counts (medvlsm's CRIS)
};

/// The sizes of a CLIP text tower, and how it treats what stands behind a sentence.
struct ClipTextConfig {
  LayerConfig layer;
  int blocks = 0;
  int vocabulary = 0;  ///< how many token ids there are
  int positions = 77;  ///< longest prompt
  int end = 49407;     ///< id of the end token, or `largest_id_ends`
  int sentence = 0;    ///< width the end token's vector is projected to
  TextPadding padding = TextPadding::end_masked;
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
  static_assert(divides(config.layer.heads, config.layer.width),
                "ClipTextConfig: .layer.width is no multiple of .layer.heads");

 public:
  static constexpr ClipTextConfig settings = config;
  static constexpr TextSpec out{.sentence = config.sentence, .words = config.layer.width};
  static constexpr int vocabulary = config.vocabulary;
  static constexpr int depth = config.blocks;
  static constexpr Attentions attentions{.count = depth, .width = config.layer.width};
  static constexpr PadTo pad_to{
      .id = config.padding == TextPadding::zero_masked ? 0
            : config.end == largest_id_ends            ? config.vocabulary - 1
                                                       : config.end,
      .length = config.padding == TextPadding::end_attended ? config.positions : 0};

  /// ids [B, L] -> sentence [B, sentence], words [B, L', width] after the final norm, and their
  /// padding mask, bool [B, L'] (undefined with `TextPadding::end_attended`).
  ///
  /// The tower is causal, so no token after the end can change the sentence: the batch is cut to
  /// its longest prompt, L' <= L, unless what pads it counts as words. Throws Error for ids that
  /// are not integers or not in the vocabulary, for an empty batch, and for prompts longer than
  /// `.positions`.
  TextFeatures forward(Tokens const& tokens) const {
    return read(tokens, [](int, at::Tensor const&, at::Tensor const&) {});
  }

  static constexpr long long parameter_count() {
    constexpr long long width = config.layer.width;
    return width * (config.vocabulary + config.positions + config.sentence) +
           config.blocks * layer_parameters(config.layer) + LayerNorm::parameter_count(width);
  }
  static constexpr long long flops(Workload load) {
    return config.blocks * layer_flops(config.layer, load.tokens) +
           linear_flops(1, config.layer.width, config.sentence);
  }

 protected:
  /// The same; `see(block, states, end)` is shown what each block makes of the words,
  /// [B, L', width], and where the sentences end, [B].
  template <class See>
  TextFeatures read(Tokens const& tokens, See see) const {
    check_tokens(tokens.ids, config.vocabulary);
    at::Tensor const end = end_of(tokens.ids);  // [B]
    bool const whole = config.padding == TextPadding::end_attended || is_capturing(tokens.ids);
    std::int64_t const length =
        whole ? tokens.ids.size(1) : end.max().template item<std::int64_t>() + 1;
    at::Tensor const ids = tokens.ids.slice(1, 0, length);
    at::Tensor x = at::embedding(tokens_, ids) + positions_.slice(0, 0, length);
    for (int block = 0; block < depth; ++block) {
      x = blocks_[block]->forward(x, AttentionMask::causal);
      see(block, x, end);
    }
    at::Tensor const words = norm_after_->forward(x);
    at::Tensor const rows = at::arange(words.size(0), end.options());
    return {.sentence = project_->forward(words.index({rows, end})),
            .words = words,
            .padding = no_word(ids, end)};
  }

 private:
  // A row without an end token ends at its first one, as in the reference (argmax of no match is
  // 0).
  static at::Tensor end_of(at::Tensor const& ids) {
    at::Tensor const end =
        config.end == largest_id_ends ? ids.argmax(1) : (ids == config.end).to(at::kInt).argmax(1);
    bool const whole = config.padding == TextPadding::end_attended || is_capturing(ids);
    check_positions(whole ? ids.size(1) : end.max().template item<std::int64_t>() + 1,
                    config.positions);
    return end;
  }

  // [B, L]; undefined where every token is a word
  static at::Tensor no_word(at::Tensor const& ids, at::Tensor const& end) {
    switch (config.padding) {
      case TextPadding::end_masked:
        return at::arange(ids.size(1), end.options()).unsqueeze(0) > end.unsqueeze(1);
      case TextPadding::zero_masked:
        return ids == 0;
      case TextPadding::end_attended:
        break;
    }
    return {};
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
