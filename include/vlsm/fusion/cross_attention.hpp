// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/fusion/reduce_taps.hpp"
#include "vlsm/nn/attention.hpp"
#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/linear.hpp"

namespace vlsm {

/// The sizes of a CrossAttention.
struct CrossAttentionConfig {
  int width = 0;  ///< channels the taps and the words are brought to
  int heads = 0;
  Backend backend = Backend::fused;  ///< of the attention to the words, and of sum and norm
};

/// Every tap is reduced to one width, as `Film` does, and the cells of the deepest look at the
/// words (Vaswani et al. 2017, section 3.2.3): where FiLM tells all cells the same, here each cell
/// asks for itself.
template <CrossAttentionConfig config, FeatureSpec image_port = FeatureSpec{},
          TextSpec text_port = TextSpec{}>
class CrossAttention : public ReducesTaps<image_port, config.width> {
  using Base = ReducesTaps<image_port, config.width>;
  static constexpr int deepest = image_port.count - 1;

 public:
  template <FeatureSpec image, TextSpec text>
  using At = CrossAttention<config, image, text>;
  static constexpr CrossAttentionConfig settings = config;
  static constexpr TextSpec text = text_port;

  static constexpr Needs needs{.words = true, .divisible = divides(config.heads, config.width)};

  /// taps [B, N, image.width] -> [B, N, width] (or maps, likewise); words [B, L, text.words].
  ImageFeatures forward(ImageFeatures const& seen, TextFeatures const& said) const {
    ImageFeatures joint = this->reduce(seen);
    at::Tensor const cells = as_tokens(joint, Base::out, deepest);  // [B, N, width]
    at::Tensor const words = words_->forward(said.words);           // [B, L, width]
    at::Tensor const heard =
        attention_->cross_attend(cells, OrderedWords(words, words, said.padding), config.backend);
    joint.taps.back() =
        in_layout_of(joint.taps.back(), norm_->of_sum_alone(heard, cells), Base::out.layout);
    return joint;
  }

  static constexpr long long parameter_count() {
    return Base::reduce_parameters() + Linear::parameter_count(text.words, config.width) +
           Attention::parameter_count(config.width) + LayerNorm::parameter_count(config.width);
  }
  static constexpr long long flops(Workload load) {
    return Base::reduce_flops(load) + linear_flops(load.tokens, text.words, config.width) +
           Attention::flops(config.width, Base::rows(deepest, load), load.tokens);
  }

 private:
  std::shared_ptr<Linear> words_ = this->template child<Linear>("words", text.words, config.width);
  std::shared_ptr<Attention> attention_ = this->template child<Attention>(
      "attn", AttentionConfig{.width = config.width, .heads = config.heads, .apart = true});
  std::shared_ptr<LayerNorm> norm_ =
      this->template child<LayerNorm>("norm", config.width, 5, config.backend);
};

}  // namespace vlsm
