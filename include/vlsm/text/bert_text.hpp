// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/check_input.hpp"
#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/transformer_layer.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The sizes of a BERT tower.
struct BertTextConfig {
  LayerConfig layer;
  int blocks = 0;
  int vocabulary = 0;   ///< how many token ids there are
  int positions = 512;  ///< longest prompt
  int hidden = 0;       ///< width between the two layers of the projection
  int sentence = 0;     ///< width the first token's vector is projected to
};

/// PubMedBERT as BiomedCLIP has it.
inline constexpr BertTextConfig pubmed_bert{
    .layer = {.width = 768, .heads = 12, .ffn = 3072, .activation = Activation::gelu, .eps = 12},
    .blocks = 12,
    .vocabulary = 30522,
    .hidden = 640,
    .sentence = 512};

/// Two linear layers without biases and an exact GELU between: open_clip's projection of a text
/// tower.
class TextProjection : public Module {
 public:
  TextProjection(int in, int hidden, int out)
      : up_(child<Linear>("up", in, hidden, false)),
        down_(child<Linear>("down", hidden, out, false)) {}

  /// [B, in] -> [B, out]
  at::Tensor forward(at::Tensor const& x) const {
    return down_->forward(at::gelu(up_->forward(x)));
  }

 private:
  std::shared_ptr<Linear> up_, down_;
};

/// BERT (Devlin et al. 2019) as BiomedCLIP reads it (Zhang et al. 2023): the first token's vector
/// is the sentence.
template <BertTextConfig config>
class BertText : public Module {
  static_assert(divides(config.layer.heads, config.layer.width),
                "BertTextConfig: .layer.width is no multiple of .layer.heads");

 public:
  static constexpr BertTextConfig settings = config;
  static constexpr TextSpec out{.sentence = config.sentence, .words = config.layer.width};
  static constexpr int vocabulary = config.vocabulary;
  static constexpr int depth = config.blocks;
  static constexpr Attentions attentions{.count = depth, .width = config.layer.width};
  static constexpr PadTo pad_to{.id = 0, .length = 0};

  /// ids [B, L], padded with 0 -> sentence [B, sentence], words [B, L', width], and their padding
  /// mask, bool [B, L'].
  ///
  /// No token looks at padding: the batch is cut to its longest prompt, L' <= L. Throws Error for
  /// ids that are not integers or not in the vocabulary, for an empty batch, and for prompts longer
  /// than `.positions`.
  TextFeatures forward(Tokens const& tokens) const {
    check_tokens(tokens.ids, config.vocabulary);
    at::Tensor const word = tokens.ids != pad_to.id;  // [B, L]
    std::int64_t const length = longest(word);
    at::Tensor const ids = tokens.ids.slice(1, 0, length);
    at::Tensor const padding = word.slice(1, 0, length).logical_not();
    // Every prompt is a first sentence: its tokens are of type 0.
    at::Tensor x = norm_before_->forward(at::embedding(words_, ids) + types_[0] +
                                         positions_.slice(0, 0, length));
    for (auto const& block : blocks_) x = block->forward(x, padding);
    return {.sentence = project_->forward(x.select(1, 0)), .words = x, .padding = padding};
  }

  static constexpr long long parameter_count() {
    constexpr long long width = config.layer.width;
    return width * (config.vocabulary + config.positions + token_types) +
           LayerNorm::parameter_count(width) + config.blocks * layer_parameters(config.layer) +
           config.hidden * (width + config.sentence);
  }
  static constexpr long long flops(Workload load) {
    return config.blocks * layer_flops(config.layer, load.tokens) +
           linear_flops(1, config.hidden, config.layer.width + config.sentence);
  }

 private:
  static constexpr int token_types = 2;
  static constexpr int width = config.layer.width;

  /// Tokens up to the last one that is a word, at least one; all while a CUDA graph is captured.
  static std::int64_t longest(at::Tensor const& word) {
    std::int64_t length = word.size(1);
    if (!is_capturing(word)) {
      at::Tensor const place = at::arange(1, length + 1, word.options().dtype(at::kLong));
      length = std::max<std::int64_t>(1, (word * place).max().template item<std::int64_t>());
    }
    check_positions(length, config.positions);
    return length;
  }

  at::Tensor words_ = normal("words", {config.vocabulary, width}, 0.02);
  at::Tensor positions_ = normal("positions", {config.positions, width}, 0.02);
  at::Tensor types_ = normal("types", {token_types, width}, 0.02);
  std::shared_ptr<LayerNorm> norm_before_ =
      child<LayerNorm>("norm_before", width, config.layer.eps);
  std::vector<std::shared_ptr<PostNormLayer>> blocks_ =
      children<PostNormLayer>("blocks", config.blocks, config.layer);
  std::shared_ptr<TextProjection> project_ =
      child<TextProjection>("project", width, config.hidden, config.sentence);
};

}  // namespace vlsm
