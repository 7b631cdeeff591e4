// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/nn/batch_norm.hpp"
#include "vlsm/nn/conv_block.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/nn/resize.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The widths of a TextFpn.
struct FpnConfig {
  std::array<int, 3> width{};  ///< channels the taps are brought to; the middle one is the output's
};

/// CRIS's neck (Wang et al. 2022, section 3.2): the sentence gates the deepest map, which is then
/// merged upwards; all three meet at the middle one's size, with their coordinates.
template <FpnConfig config, FeatureSpec image_port = FeatureSpec{}, TextSpec text_port = TextSpec{}>
class TextFpn : public Module {
  static constexpr auto in = image_port.width;
  static constexpr int shallow = config.width[0], middle = config.width[1], deep = config.width[2];

 public:
  template <FeatureSpec image, TextSpec text>
  using At = TextFpn<config, image, text>;
  static constexpr FpnConfig settings = config;
  static constexpr FeatureSpec image = image_port;
  static constexpr TextSpec text = text_port;
  static constexpr FeatureSpec out = FeatureSpec::alike(1, middle, image.stride[1], Layout::map);

  static constexpr Needs needs{
      .taps = 3, .sentence = true, .sized = shallow > 0 && middle > 0 && deep > 0};

  /// taps at 1/8, 1/16, 1/32 (or all of one size); sentence [B, text.sentence] ->
  /// map [B, width[1], h, w] of the middle tap's size.
  ImageFeatures forward(ImageFeatures const& seen, TextFeatures const& said) const {
    at::Tensor const v3 = as_map(seen, image, 0), v4 = as_map(seen, image, 1),
                     v5 = as_map(seen, image, 2);
    at::Tensor const state =
        at::relu(sentence_norm_->forward(sentence_->forward(said.sentence)));  // [B, deep]
    at::Tensor const f5 =
        at::relu(gate_norm_->forward(deep_->forward(v5) * per_channel(state, Layout::map)));
    at::Tensor const f4 = merge4_->forward(at::cat({middle_->forward(v4), up(f5, v4)}, 1));
    at::Tensor const f3 = merge3_->forward(at::cat({up(down(shallow_->forward(v3)), v4), f4}, 1));

    at::Tensor const all =
        at::cat({query3_->forward(f3), query4_->forward(f4), up(query5_->forward(f5), v4)}, 1);
    at::Tensor const query = gather_->forward(all);
    return seen.with(refine_->forward(locate_->forward(with_coordinates(query))));
  }

  static constexpr long long parameter_count() {
    long long count =
        Linear::parameter_count(text.sentence, deep, false) + 2 * BatchNorm::parameter_count(deep);
    each_conv([&](ConvConfig c, int) { count += ConvNorm::parameter_count(c); });
    return count;
  }
  static constexpr long long flops(Workload load) {
    long long count = linear_flops(1, text.sentence, deep);
    each_conv(
        [&](ConvConfig c, int tap) { count += Conv::flops(c, positions_of(image, tap, load)); });
    return count;
  }

 private:
  /// Calls visit(convolution, the tap at whose size it runs).
  template <class Visit>
  static constexpr void each_conv(Visit visit) {
    visit(to_deep, 2), visit(to_middle, 1), visit(to_shallow, 0);
    visit(merge4, 1), visit(merge3, 1);
    visit(conv3x3(deep, middle), 2), visit(conv3x3(middle, middle), 1);
    visit(conv3x3(middle, middle), 1), visit(gather, 1), visit(locate, 1);
    visit(conv3x3(middle, middle), 1);
  }

  static at::Tensor up(at::Tensor const& x, at::Tensor const& like) {
    if (x.size(2) == like.size(2) && x.size(3) == like.size(3)) return x;
    return resize_map(x, like.size(2), like.size(3), Resize::bilinear, /*align_corners=*/false);
  }
  static at::Tensor down(at::Tensor const& x) {
    constexpr int factor = image.stride[1] / image.stride[0];
    return factor > 1 ? at::avg_pool2d(x, factor) : x;
  }
  /// Two more channels: x and y from -1 to 1.
  static at::Tensor with_coordinates(at::Tensor const& map) {
    auto const batch = map.size(0), height = map.size(2), width = map.size(3);
    at::Tensor const x = at::linspace(-1, 1, width, map.options()).view({1, 1, 1, width}),
                     y = at::linspace(-1, 1, height, map.options()).view({1, 1, height, 1});
    return at::cat({map, x.expand({batch, 1, height, width}), y.expand({batch, 1, height, width})},
                   1);
  }

  static constexpr ConvConfig to_deep = conv1x1(in[2], deep), to_middle = conv3x3(in[1], middle),
                              to_shallow = conv3x3(in[0], shallow),
                              merge4 = conv1x1(deep + middle, middle),
                              merge3 = conv1x1(shallow + middle, middle),
                              gather = conv1x1(3 * middle, middle),
                              locate = conv3x3(middle + 2, middle);
  std::shared_ptr<Linear> sentence_ = child<Linear>("sentence", text.sentence, deep, false);
  std::shared_ptr<BatchNorm> sentence_norm_ = child<BatchNorm>("sentence_norm", deep);
  std::shared_ptr<BatchNorm> gate_norm_ = child<BatchNorm>("gate_norm", deep);
  std::shared_ptr<ConvBlock> deep_ = child<ConvBlock>("deep", to_deep);
  std::shared_ptr<ConvBlock> middle_ = child<ConvBlock>("middle", to_middle);
  std::shared_ptr<ConvBlock> shallow_ = child<ConvBlock>("shallow", to_shallow);
  std::shared_ptr<ConvBlock> merge4_ = child<ConvBlock>("merge4", merge4);
  std::shared_ptr<ConvBlock> merge3_ = child<ConvBlock>("merge3", merge3);
  std::shared_ptr<ConvBlock> query5_ = child<ConvBlock>("query5", conv3x3(deep, middle));
  std::shared_ptr<ConvBlock> query4_ = child<ConvBlock>("query4", conv3x3(middle, middle));
  std::shared_ptr<ConvBlock> query3_ = child<ConvBlock>("query3", conv3x3(middle, middle));
  std::shared_ptr<ConvBlock> gather_ = child<ConvBlock>("gather", gather);
  std::shared_ptr<ConvBlock> locate_ = child<ConvBlock>("locate", locate);
  std::shared_ptr<ConvBlock> refine_ = child<ConvBlock>("refine", conv3x3(middle, middle));
};

}  // namespace vlsm
