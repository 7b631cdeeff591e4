// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/attention.hpp"
#include "vlsm/nn/dropout.hpp"
#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/nn/positions.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The sizes of a CrossDecoder; its width is that of the map and the words that it reads.
struct CrossConfig {
  int heads = 0;
  int ffn = 0;  ///< hidden width of each layer's perceptron
  int layers = 0;
  int dropout = 0;                   ///< percent, in training
  Backend backend = Backend::fused;  ///< of the attention to the words, and of sums and norms
};

/// One layer of CRIS's decoder: cells look at cells, then at words; every sub-layer is normalized
/// before and, but for the last, after.
class CrossLayer : public Module {
 public:
  CrossLayer(int width, int heads, int ffn, int dropout, Backend backend)
      : backend_(backend),
        norm1_(child<LayerNorm>("norm1", width, eps)),
        self_(child<Attention>(
            "self",
            AttentionConfig{.width = width, .heads = heads, .dropout = dropout, .apart = true})),
        self_norm_(child<LayerNorm>("self_norm", width, eps)),
        norm2_(child<LayerNorm>("norm2", width, eps, backend)),
        cross_(child<Attention>(
            "cross",
            AttentionConfig{.width = width, .heads = heads, .dropout = dropout, .apart = true})),
        cross_norm_(child<LayerNorm>("cross_norm", width, eps)),
        norm3_(child<LayerNorm>("norm3", width, eps, backend)),
        up_(child<Linear>("up", width, ffn)),
        ffn_norm_(child<LayerNorm>("ffn_norm", ffn, eps)),
        down_(child<Linear>("down", ffn, width)),
        dropout_(child<Dropout>("dropout", dropout)) {}

  /// cells [B, N, width], words [B, L, width], their keys with positions -> [B, N, width].
  at::Tensor forward(at::Tensor const& x, OrderedWords const& words,
                     at::Tensor const& cell_positions) const {
    at::Tensor const cells = norm1_->forward(x), placed = cells + cell_positions;
    at::Tensor const seen = self_norm_->forward(self_->forward(placed, placed, cells));
    auto const [asking, after_cells] = norm2_->of_sum(seen, x, dropout_->share());
    at::Tensor const heard =
        cross_norm_->forward(cross_->cross_attend(asking + cell_positions, words, backend_));
    auto const [both, after_words] = norm3_->of_sum(heard, after_cells, dropout_->share());
    at::Tensor const y = dropout_->forward(at::relu(up_->forward(both)));
    return after_words + dropout_->forward(down_->forward(ffn_norm_->forward(y)));
  }

  static constexpr long long parameter_count(int width, int ffn) {
    return 5 * LayerNorm::parameter_count(width) + LayerNorm::parameter_count(ffn) +
           2 * Attention::parameter_count(width) + Linear::parameter_count(width, ffn) +
           Linear::parameter_count(ffn, width);
  }
  static constexpr long long flops(int width, int ffn, long long cells, long long words) {
    return Attention::flops(width, cells, cells) + Attention::flops(width, cells, words) +
           linear_flops(cells, width, 2LL * ffn);
  }

 private:
  static constexpr int eps = 5;
  Backend backend_;
  std::shared_ptr<LayerNorm> norm1_;
  std::shared_ptr<Attention> self_;
  std::shared_ptr<LayerNorm> self_norm_, norm2_;
  std::shared_ptr<Attention> cross_;
  std::shared_ptr<LayerNorm> cross_norm_, norm3_;
  std::shared_ptr<Linear> up_;
  std::shared_ptr<LayerNorm> ffn_norm_;
  std::shared_ptr<Linear> down_;
  std::shared_ptr<Dropout> dropout_;
};

/// CRIS's vision-language decoder (Wang et al. 2022, section 3.3): the cells of the fused map look
/// at the words of the sentence, under sine positions in two dimensions and in one.
template <CrossConfig config, FeatureSpec in_port = FeatureSpec{}, TextSpec text_port = TextSpec{}>
class CrossDecoder : public Module {
  static constexpr int width = in_port.width[0];

 public:
  template <FeatureSpec in, TextSpec text>
  using At = CrossDecoder<config, in, text>;
  static constexpr CrossConfig settings = config;
  static constexpr FeatureSpec in = in_port;
  static constexpr TextSpec text = text_port;
  static constexpr Attentions attentions{
      .count = 2 * config.layers, .width = width, .words = config.layers};
  static constexpr FeatureSpec out = FeatureSpec::alike(1, width, in.stride[0], Layout::map);

  static constexpr Needs needs{.taps = 1,
                               .as_wide_as_words = true,
                               .sized = config.ffn > 0 && config.layers > 0,
                               .divisible = divides(config.heads, width) && width % 4 == 0};

  /// map [B, width, h, w], words [B, L, width] -> map [B, width, h, w]
  ImageFeatures forward(ImageFeatures const& joint, TextFeatures const& said) const {
    at::Tensor x = as_map(joint, in, 0);
    auto const height = x.size(2), columns = x.size(3);
    at::Tensor const cells = sine_positions(height, columns, width, x.options()),
                     placed = said.words + sine_positions(said.words.size(1), width, x.options());
    OrderedWords const words(placed, said.words, said.padding);
    x = x.flatten(2).transpose(1, 2);  // [B, h*w, width]
    for (auto const& layer : layers_) x = layer->forward(x, words, cells);
    return joint.with(
        norm_->forward(x).transpose(1, 2).reshape({x.size(0), width, height, columns}));
  }

  static constexpr long long parameter_count() {
    return config.layers * CrossLayer::parameter_count(width, config.ffn) +
           LayerNorm::parameter_count(width);
  }
  static constexpr long long flops(Workload load) {
    return config.layers *
           CrossLayer::flops(width, config.ffn, positions_of(in, 0, load), load.tokens);
  }

 private:
  std::vector<std::shared_ptr<CrossLayer>> layers_ = children<CrossLayer>(
      "layers", config.layers, width, config.heads, config.ffn, config.dropout, config.backend);
  std::shared_ptr<LayerNorm> norm_ = child<LayerNorm>("norm", width, 5);
};

}  // namespace vlsm
