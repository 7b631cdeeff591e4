// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "vlsm/nn/conv_block.hpp"

namespace vlsm {

/// The widths of a U-Net's or U-Net++'s decoder.
struct UnetConfig {
  int width = 256;  ///< channels of the deepest step; each further step has half as many …
  int least = 16;   ///< … down to this many

  /// Channels of step `step`, counted from 0, the deepest.
  constexpr int width_of(int step) const { return std::max(width >> step, least); }
};

/// How often a map of this stride is doubled until it has the image's size.
constexpr int doublings(int stride) {
  int count = 0;
  while (stride > 1) {
    stride /= 2;
    ++count;
  }
  return count;
}

/// Channels of one step of a U-Net.
struct UnetPorts {
  int in = 0;    ///< of the deeper map
  int skip = 0;  ///< of the encoder's map, 0: none
  int out = 0;
};

/// One step: the deeper map is enlarged (nearest neighbor), the skip joined, and both are mixed by
/// two 3x3 convolutions.
class UnetBlock : public Module {
 public:
  explicit UnetBlock(UnetPorts ports)
      : conv1_(child<ConvBlock>("conv1", conv3x3(ports.in + ports.skip, ports.out))),
        conv2_(child<ConvBlock>("conv2", conv3x3(ports.out, ports.out))) {}

  /// x [B, in, h, w], skips [B, C, H, W] of `skip` channels together -> [B, out, H, W]
  at::Tensor forward(at::Tensor const& x, std::vector<at::Tensor> const& skips) const {
    std::vector<ops::ConvolutionInput> maps{enlarged(x, skips[0].size(2), skips[0].size(3))};
    for (at::Tensor const& skip : skips) maps.push_back({skip});
    return conv2_->forward(conv1_->forward(maps));
  }

  /// Without a skip, x [B, in, h, w] -> [B, out, height, width]
  at::Tensor forward(at::Tensor const& x, std::int64_t height, std::int64_t width) const {
    return conv2_->forward(conv1_->forward(std::vector{enlarged(x, height, width)}));
  }

  static constexpr long long parameter_count(UnetPorts ports) {
    return ConvNorm::parameter_count(conv3x3(ports.in + ports.skip, ports.out)) +
           ConvNorm::parameter_count(conv3x3(ports.out, ports.out));
  }
  /// `cells`: of the output.
  static constexpr long long flops(UnetPorts ports, long long cells) {
    return linear_flops(cells, 9LL * (ports.in + ports.skip + ports.out), ports.out);
  }

 private:
  static ops::ConvolutionInput enlarged(at::Tensor const& x, std::int64_t height,
                                        std::int64_t width) {
    if (x.size(2) == height && x.size(3) == width) return {x};
    if (2 * x.size(2) == height && 2 * x.size(3) == width) return {x, /*upsample=*/true};
    return {at::upsample_nearest2d(x, {height, width})};
  }

  std::shared_ptr<ConvBlock> conv1_, conv2_;
};

}  // namespace vlsm
