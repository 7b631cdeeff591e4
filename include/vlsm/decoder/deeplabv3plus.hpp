// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/nn/conv_block.hpp"
#include "vlsm/nn/dropout.hpp"
#include "vlsm/nn/resize.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The sizes of a DeepLabV3PlusDecoder.
struct DeepLabConfig {
  int width = 256;                       ///< channels of all that follows
  int shallow = 48;                      ///< channels that the shallow map is reduced to
  std::array<int, 3> rates{12, 24, 36};  ///< dilations of the pyramid
  int dropout = 50;                      ///< percent, in training
};

/// Atrous spatial pyramid pooling (Chen et al. 2018): the same map at several dilations, beside its
/// mean.
template <DeepLabConfig config, int in>
class AtrousPyramid : public Module {
  static constexpr int width = config.width;
  static constexpr ConvConfig gather = conv1x1(5 * width, width);

 public:
  /// [B, in, h, w] -> [B, width, h, w]
  at::Tensor forward(at::Tensor const& x) const {
    std::vector<at::Tensor> scales{point_->forward(x)};
    for (auto const& rate : rates_) scales.push_back(rate->forward(x));
    at::Tensor const mean = mean_->forward(x.mean({2, 3}, true));  // [B, width, 1, 1]
    scales.push_back(mean.expand({x.size(0), width, x.size(2), x.size(3)}));
    return dropout_->forward(gather_->forward(at::cat(scales, 1)));
  }

  static constexpr long long parameter_count() {
    return 2 * ConvNorm::parameter_count(conv1x1(in, width)) +
           3 * SeparableBlock::parameter_count(in, width) + ConvNorm::parameter_count(gather);
  }
  static constexpr long long flops(long long cells) {
    return linear_flops(cells + 1, in, width) + 3 * SeparableBlock::flops(in, width, cells) +
           Conv::flops(gather, cells);
  }

 private:
  std::shared_ptr<ConvBlock> point_ = child<ConvBlock>("point", conv1x1(in, width));
  std::vector<std::shared_ptr<SeparableBlock>> rates_ =
      children_of<SeparableBlock>("rates", 3, [](int i) {
        return std::make_shared<SeparableBlock>(in, width, config.rates[static_cast<unsigned>(i)]);
      });
  std::shared_ptr<ConvBlock> mean_ = child<ConvBlock>("mean", conv1x1(in, width));
  std::shared_ptr<ConvBlock> gather_ = child<ConvBlock>("gather", gather);
  std::shared_ptr<Dropout> dropout_ = child<Dropout>("dropout", config.dropout);
};

/// DeepLabV3+'s decoder (Chen et al. 2018, figure 2) as segmentation_models_pytorch builds it.
template <DeepLabConfig config = DeepLabConfig{}, FeatureSpec in_port = FeatureSpec{}>
class DeepLabV3PlusDecoder : public Module {
  static constexpr int width = config.width;
  static constexpr ConvConfig reduce = conv1x1(in_port.width[0], config.shallow);
  using Pyramid = AtrousPyramid<config, in_port.width[1]>;

 public:
  template <FeatureSpec in, TextSpec>
  using At = DeepLabV3PlusDecoder<config, in>;
  static constexpr DeepLabConfig settings = config;
  static constexpr FeatureSpec in = in_port;
  static constexpr FeatureSpec out = FeatureSpec::alike(1, width, in.stride[0], Layout::map);

  static constexpr Needs needs{.taps = 2};

  /// Two taps, the shallow one first (of DeepLabV3+ at strides 4 and 16) -> map [B, width, H / s,
  /// W / s], where s is the shallow one's stride.
  ImageFeatures forward(ImageFeatures const& joint, TextFeatures const& /*said*/) const {
    at::Tensor const shallow = reduce_->forward(as_map(joint, in, 0));
    at::Tensor const deep = smooth_->forward(pyramid_->forward(as_map(joint, in, 1)));
    at::Tensor const larger = resize_map(deep, shallow.size(2), shallow.size(3), Resize::bilinear,
                                         /*align_corners=*/true);
    return joint.with(mix_->forward(at::cat({larger, shallow}, 1)));
  }

  static constexpr long long parameter_count() {
    return Pyramid::parameter_count() + SeparableBlock::parameter_count(width, width) +
           ConvNorm::parameter_count(reduce) +
           SeparableBlock::parameter_count(config.shallow + width, width);
  }
  static constexpr long long flops(Workload load) {
    long long const shallow = positions_of(in, 0, load), deep = positions_of(in, 1, load);
    return Pyramid::flops(deep) + SeparableBlock::flops(width, width, deep) +
           Conv::flops(reduce, shallow) +
           SeparableBlock::flops(config.shallow + width, width, shallow);
  }

 private:
  std::shared_ptr<Pyramid> pyramid_ = this->template child<Pyramid>("pyramid");
  std::shared_ptr<SeparableBlock> smooth_ = child<SeparableBlock>("smooth", width, width);
  std::shared_ptr<ConvBlock> reduce_ = child<ConvBlock>("reduce", reduce);
  std::shared_ptr<SeparableBlock> mix_ =
      child<SeparableBlock>("mix", config.shallow + width, width);
};

}  // namespace vlsm
