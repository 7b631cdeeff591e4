// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/transformer_layer.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The sizes of a TransformerDecoder; its width is that of the taps that it reads.
struct DecoderConfig {
  int heads = 0;
  int ffn = 0;  ///< hidden width of each layer's perceptron
  int eps = 5;  ///< layer norms add 10^-eps to the variance
};

/// CLIPSeg's decoder (Lueddecke and Ecker 2022, figure 2): one transformer layer a tap, deepest
/// first, each tap added to what the layer before made of the deeper ones.
template <DecoderConfig config, FeatureSpec in_port = FeatureSpec{}>
class TransformerDecoder : public Module {
 public:
  template <FeatureSpec in, TextSpec>
  using At = TransformerDecoder<config, in>;
  static constexpr DecoderConfig settings = config;
  static constexpr FeatureSpec in = in_port;
  static constexpr FeatureSpec out =
      FeatureSpec::alike(1, in.width[0], in.stride[in.count - 1], Layout::map);

  static constexpr Needs needs{
      .alike = true, .sized = config.ffn > 0, .divisible = divides(config.heads, in.width[0])};

  /// taps [B, class_tokens + h*w, width] (or maps) -> map [B, width, h, w]
  ImageFeatures forward(ImageFeatures const& joint, TextFeatures const& /*said*/) const {
    int const deepest = in.count - 1;
    at::Tensor x = layers_[0]->forward(as_tokens(joint, in, deepest));
    for (int i = 1; i < in.count; ++i)
      x = layers_[i]->forward(as_tokens(joint, in, deepest - i) + x);
    at::Tensor const cells = x.slice(1, in.class_tokens);  // [B, h*w, width]
    auto const [height, width] = size_of(joint, in, deepest);
    return joint.with(cells.transpose(1, 2).reshape({x.size(0), out.width[0], height, width}));
  }

  static constexpr long long parameter_count() { return in.count * layer_parameters(layer); }
  static constexpr long long flops(Workload load) {
    return in.count * layer_flops(layer, positions_of(out, 0, load) + in.class_tokens);
  }

 private:
  // HF copies the vision configuration but sets the activation to relu, whatever decoder_hidden_act
  // says.
  static constexpr LayerConfig layer{.width = in.width[0],
                                     .heads = config.heads,
                                     .ffn = config.ffn,
                                     .activation = Activation::relu,
                                     .eps = config.eps};
  std::vector<std::shared_ptr<PostNormLayer>> layers_ =
      children<PostNormLayer>("layers", in.count, layer);
};

}  // namespace vlsm
