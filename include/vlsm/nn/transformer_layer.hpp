// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/base/workload.hpp"
#include "vlsm/nn/activation.hpp"
#include "vlsm/nn/adapter.hpp"
#include "vlsm/nn/attention.hpp"
#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/nn/mlp.hpp"

namespace vlsm {

/// The sizes of one transformer layer.
struct LayerConfig {
  int width = 0;
  int heads = 0;
  int ffn = 0;  ///< hidden width of the two-layer perceptron
  Activation activation = Activation::gelu;
  int eps = 5;  ///< layer norms add 10^-eps to the variance
  constexpr bool operator==(LayerConfig const&) const = default;
};

/// Normalizes before attention and perceptron: CLIP's and timm's layer.
class PreNormLayer : public AdaptableLayer {
 public:
  explicit PreNormLayer(LayerConfig c)
      : AdaptableLayer(c.width),
        norm1_(child<LayerNorm>("norm1", c.width, c.eps)),
        attention_(child<Attention>("attn", AttentionConfig{.width = c.width, .heads = c.heads})),
        norm2_(child<LayerNorm>("norm2", c.width, c.eps)),
        mlp_(child<Mlp>("mlp", c.width, c.ffn, c.activation)) {}

  /// [B, N, width] -> [B, N, width]
  at::Tensor forward(at::Tensor const& x, AttentionMask mask = AttentionMask::none) const {
    auto const [normed, seen] =
        norm2_->of_sum(after_attention(attention_->forward(norm1_->forward(x), mask)), x);
    return adapts_mlp() ? seen + after_mlp(mlp_->forward(normed)) : mlp_->plus(normed, seen);
  }

 private:
  std::shared_ptr<LayerNorm> norm1_;
  std::shared_ptr<Attention> attention_;
  std::shared_ptr<LayerNorm> norm2_;
  std::shared_ptr<Mlp> mlp_;
};

/// Normalizes after attention and perceptron: the original transformer's layer, CLIPSeg's
/// decoder's.
class PostNormLayer : public AdaptableLayer {
 public:
  explicit PostNormLayer(LayerConfig c)
      : AdaptableLayer(c.width),
        attention_(child<Attention>("attn", AttentionConfig{.width = c.width, .heads = c.heads})),
        norm1_(child<LayerNorm>("norm1", c.width, c.eps)),
        mlp_(child<Mlp>("mlp", c.width, c.ffn, c.activation)),
        norm2_(child<LayerNorm>("norm2", c.width, c.eps)) {}

  /// [B, N, width] -> [B, N, width]; tokens where `padding` [B, N] is true are not looked at.
  at::Tensor forward(at::Tensor const& x, at::Tensor const& padding = {}) const {
    return perceive(attend(x, AttentionMask::none, padding));
  }

 protected:
  /// The first half, [B, N, width] -> [B, N, width]: tokens look at each other.
  at::Tensor attend(at::Tensor const& x, AttentionMask mask, at::Tensor const& padding) const {
    return norm1_->of_sum_alone(after_attention(attention_->forward(x, mask, padding)), x);
  }
  /// The second half, [B, N, width] -> [B, N, width]: the perceptron.
  at::Tensor perceive(at::Tensor const& x) const {
    return norm2_->of_sum_alone(after_mlp(mlp_->forward(x)), x);
  }

 private:
  std::shared_ptr<Attention> attention_;
  std::shared_ptr<LayerNorm> norm1_;
  std::shared_ptr<Mlp> mlp_;
  std::shared_ptr<LayerNorm> norm2_;
};

/// What cross attention reads: another encoder's states, as `memory` in
/// torch.nn.TransformerDecoderLayer.
struct Memory {
  at::Tensor states;   ///< [B, M, width]
  at::Tensor padding;  ///< [B, M] bool, true at padding; undefined: there is none
};

/// A PostNormLayer whose tokens also look at something else between its halves: BERT's layer with
/// cross attention, as BLIP has it.
class CrossPostNormLayer : public PostNormLayer {
 public:
  explicit CrossPostNormLayer(LayerConfig c)
      : PostNormLayer(c),
        cross_(child<Attention>(
            "cross", AttentionConfig{.width = c.width, .heads = c.heads, .apart = true})),
        norm_cross_(child<LayerNorm>("norm_cross", c.width, c.eps)) {}

  /// [B, N, width] -> [B, N, width]; tokens where `padding` [B, N] is true are not looked at.
  at::Tensor forward(at::Tensor const& x, Memory const& memory, AttentionMask mask,
                     at::Tensor const& padding = {}) const {
    at::Tensor const said = attend(x, mask, padding);
    at::Tensor const seen = cross_->forward(said, memory.states, memory.states, memory.padding);
    return perceive(norm_cross_->of_sum_alone(seen, said));
  }

 private:
  std::shared_ptr<Attention> cross_;
  std::shared_ptr<LayerNorm> norm_cross_;
};

/// Parameters of a PreNormLayer or a PostNormLayer, without adapters.
constexpr long long layer_parameters(LayerConfig c) {
  return 2 * LayerNorm::parameter_count(c.width) + Attention::parameter_count(c.width) +
         Linear::parameter_count(c.width, c.ffn) + Linear::parameter_count(c.ffn, c.width);
}

/// Parameters of a CrossPostNormLayer.
constexpr long long cross_layer_parameters(LayerConfig c) {
  return layer_parameters(c) + Attention::parameter_count(c.width) +
         LayerNorm::parameter_count(c.width);
}

/// Linear layers and the two attention products; norms and activations are not counted.
constexpr long long layer_flops(LayerConfig c, long long rows) {
  return Attention::flops(c.width, rows, rows) + linear_flops(rows, c.width, 2LL * c.ffn);
}

}  // namespace vlsm
