// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/conv_block.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/nn/resize.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The sizes of a DynamicHead.
struct ProjectorConfig {
  int kernel = 3;  ///< cells a side of the convolution that the sentence becomes
  int steps = 2;   ///< times the map is doubled before it
};

/// CRIS's projector (Wang et al. 2022, section 3.4): the sentence is turned into the weights of the
/// convolution that reads its mask from the map.
template <ProjectorConfig config = ProjectorConfig{}, FeatureSpec in_port = FeatureSpec{},
          TextSpec text_port = TextSpec{}>
class DynamicHead : public Module {
  static constexpr int wide = in_port.width[0], narrow = wide / 2;
  static constexpr int taps = config.kernel * config.kernel;

 public:
  template <FeatureSpec in, TextSpec text>
  using At = DynamicHead<config, in, text>;
  static constexpr ProjectorConfig settings = config;
  static constexpr FeatureSpec in = in_port;
  static constexpr TextSpec text = text_port;
  static constexpr int scale = in.stride[0];

  static constexpr Needs needs{
      .sentence = true, .divisible = wide % 2 == 0, .least_stride = 1 << config.steps};

  /// map [B, width, h, w], sentence [B, sentence] -> logits [B, 1, H, W] of the image's size.
  at::Tensor forward(ImageFeatures const& read, TextFeatures const& said) const {
    at::Tensor const low = project(read.taps[0], said.sentence);
    return resize_map(low, read.height(), read.width(), Resize::bicubic, /*align_corners=*/true);
  }

  /// The logits before they are enlarged, [B, 1, 2^steps h, 2^steps w].
  at::Tensor project(at::Tensor x, at::Tensor const& sentence) const {
    for (auto const& step : steps_)
      x = step->forward(
          resize_map(x, 2 * x.size(2), 2 * x.size(3), Resize::bilinear, /*align_corners=*/false));
    x = last_->forward(x);  // [B, narrow, h, w]
    auto const batch = x.size(0);
    at::Tensor const kernel = sentence_->forward(sentence);  // [B, narrow * taps + 1]
    at::Tensor const weight =
        kernel.narrow(1, 0, narrow * taps).reshape({batch, narrow, config.kernel, config.kernel});
    // A group a picture: each is read with its own sentence.
    at::Tensor const mask =
        at::conv2d(x.reshape({1, batch * narrow, x.size(2), x.size(3)}), weight,
                   kernel.select(1, narrow * taps).contiguous(), /*stride=*/1, config.kernel / 2,
                   /*dilation=*/1, batch);
    return mask.transpose(0, 1);
  }

  static constexpr long long parameter_count() {
    long long count =
        Conv::parameter_count(last) + Linear::parameter_count(text.sentence, narrow * taps + 1);
    for (int i = 0; i < config.steps; ++i) count += ConvNorm::parameter_count(step(i));
    return count;
  }
  static constexpr long long flops(Workload load) {
    long long cells = positions_of(in, 0, load),
              count = linear_flops(1, text.sentence, narrow * taps + 1);
    for (int i = 0; i < config.steps; ++i) count += Conv::flops(step(i), cells *= 4);
    return count + Conv::flops(last, cells) + linear_flops(cells, narrow * taps, 1);
  }

 private:
  static constexpr ConvConfig step(int i) {
    return conv3x3(wide, i == config.steps - 1 ? narrow : wide);
  }
  static constexpr ConvConfig last = conv1x1(config.steps > 0 ? narrow : wide, narrow);

  std::vector<std::shared_ptr<ConvBlock>> steps_ = children_of<ConvBlock>(
      "steps", config.steps, [](int i) { return std::make_shared<ConvBlock>(step(i)); });
  std::shared_ptr<Conv> last_ = child<Conv>("last", last);
  std::shared_ptr<Linear> sentence_ = child<Linear>("sentence", text.sentence, narrow* taps + 1);
};

}  // namespace vlsm
