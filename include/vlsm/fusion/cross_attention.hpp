// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/attention.hpp"
#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/layout.hpp"

namespace vlsm {

struct CrossAttentionConfig {
  Taps image;     ///< what it reads of the picture
  Words text;     ///< what it reads of the prompt: its words
  int width = 0;  ///< channels the taps and the words are brought to
  int heads = 0;
};

/// Every tap is reduced to one width, as `Film` does, and the cells of the deepest look at the
/// words (Vaswani et al. 2017, section 3.2.3): where FiLM tells all cells the same, here each cell
/// asks for itself.
template <CrossAttentionConfig config>
class CrossAttention : public Module {
  static_assert(config.text.words > 0,
                "CrossAttention reads words: choose a text tower that writes them, or PassThrough");
  static_assert(config.width % config.heads == 0,
                "CrossAttentionConfig: .width is no multiple of .heads");
  static constexpr int count = config.image.count;

 public:
  static constexpr CrossAttentionConfig settings = config;
  static constexpr Taps image = config.image;
  static constexpr Words text = config.text;
  static constexpr Taps out = [] {
    Taps taps = config.image;
    taps.pooled = 0;
    for (int i = 0; i < taps.count; ++i) taps.width[i] = config.width;
    return taps;
  }();

  /// taps [B, N, image.width] -> [B, N, width] (or maps, likewise); words [B, L, text.words].
  Features forward(Features const& seen, Said const& said) const {
    Features joint{.taps = {}, .pooled = {}, .height = seen.height, .width = seen.width};
    for (int i = 0; i < count; ++i)
      joint.taps.push_back(on_channels(*reduce_[count - 1 - i], seen.taps[i], image.layout));
    at::Tensor const cells = as_tokens(joint, out, count - 1);  // [B, N, width]
    at::Tensor const words = words_->forward(said.words);       // [B, L, width]
    at::Tensor const heard = attention_->forward(cells, words, words, said.padding);
    joint.taps.back() = in_layout_of(joint.taps.back(), norm_->forward(cells + heard), out.layout);
    return joint;
  }

  static constexpr long long parameter_count() {
    long long total = Linear::parameter_count(text.words, config.width) +
                      Attention::parameter_count(config.width) +
                      LayerNorm::parameter_count(config.width);
    for (int i = 0; i < count; ++i) total += Linear::parameter_count(image.width[i], config.width);
    return total;
  }
  static constexpr long long flops(Load load) {
    long long total = linear_flops(load.tokens, text.words, config.width) +
                      Attention::flops(config.width, rows(count - 1, load), load.tokens);
    for (int i = 0; i < count; ++i)
      total += linear_flops(rows(i, load), image.width[i], config.width);
    return total;
  }

 private:
  static constexpr long long rows(int i, Load load) {
    return cells_of(image, i, load) + image.class_tokens;
  }

  // Numbered as Film's: 0 reduces the deepest tap.
  std::vector<std::shared_ptr<Linear>> reduce_ = children_of<Linear>("reduce", count, [](int i) {
    return std::make_shared<Linear>(image.width[count - 1 - i], config.width);
  });
  std::shared_ptr<Linear> words_ = child<Linear>("words", text.words, config.width);
  std::shared_ptr<Attention> attention_ = child<Attention>("attn", config.width, config.heads);
  std::shared_ptr<LayerNorm> norm_ = child<LayerNorm>("norm", config.width, 5);
};

}  // namespace vlsm
