// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/decoder/unet.hpp"
#include "vlsm/head/conv.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/nn/resize.hpp"
#include "vlsm/vision/resnet.hpp"

namespace vlsm {

/// The sizes of the U-Net of a StackedUnet.
struct StackedConfig {
  int stages = 2;  ///< of the encoder behind its stem, a residual block each
  int width = 64;  ///< of the decoder's deepest step
};

/// A small U-Net that looks at a picture together with what another model found in it.
template <StackedConfig config>
class PictureUnet : public Adaptation {
  static_assert(config.stages >= 1 && config.stages <= 4,
                "StackedConfig: .stages is not between 1 and 4");
  static constexpr ResNetConfig encoder{
      .block = Residual::basic, .layers = {1, 1, 1, 1}, .in = 4, .count = 1 + config.stages};
  using Encoder = ResNet<encoder>;
  using Decoder = UnetDecoder<UnetConfig{.width = config.width}, Encoder::out>;
  using Head = ConvHead<ConvHeadConfig{}, Decoder::out>;

 public:
  /// image [B, 3, H, W], guess [B, 1, H, W] of probabilities -> logits [B, 1, H, W]
  at::Tensor forward(at::Tensor const& image, at::Tensor const& guess) const {
    ImageFeatures const seen = encoder_->forward(at::cat({image, guess}, 1));
    return head_->forward(decoder_->forward(seen, {}), {});
  }

  static constexpr long long parameter_count() {
    return Encoder::parameter_count() + Decoder::parameter_count() + Head::parameter_count();
  }
  static constexpr long long flops(Workload load) {
    return Encoder::flops(load) + Decoder::flops(load) + Head::flops(load);
  }

 private:
  std::shared_ptr<Encoder> encoder_ = this->template child<Encoder>("encoder");
  std::shared_ptr<Decoder> decoder_ = this->template child<Decoder>("decoder");
  std::shared_ptr<Head> head_ = this->template child<Head>("head");
};

/// A small U-Net stacked on another head, after VLSM-Ensemble (Dietlein et al. 2025): it sees the
/// picture at full resolution together with that head's prediction, and has the last word. A head
/// like the one it wraps, with its ports and its weights; the U-Net trains as adapters do.
template <class Head, StackedConfig config = StackedConfig{}>
class StackedUnet : public Head {
  static_assert(
      !requires { Head::stacked_unet; },
      "StackedUnet wraps a head with such a U-Net already: wrap it once");
  using Unet = PictureUnet<config>;

 public:
  static constexpr StackedConfig stacked_unet = config;
  template <FeatureSpec in, TextSpec text, class Wrapped = Head>
  using At = StackedUnet<typename Wrapped::template At<in, text>, config>;

  /// map [B, width, h, w] -> logits [B, 1, H, W] of the image's size.
  at::Tensor forward(ImageFeatures const& read, TextFeatures const& said) const {
    at::Tensor const guess = at::sigmoid(Head::forward(read, said));
    return unet_->forward(read.image, resize_map(guess, read.height(), read.width(),
                                                 Resize::bilinear, /*align_corners=*/false));
  }

  static constexpr long long parameter_count() {
    return Head::parameter_count() + Unet::parameter_count();
  }
  static constexpr long long flops(Workload load) { return Head::flops(load) + Unet::flops(load); }

 private:
  std::shared_ptr<Unet> unet_ = this->template child<Unet>("unet");
};

}  // namespace vlsm
