// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/decoder/unet_block.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// U-Net's expanding path (Ronneberger et al. 2015) as segmentation_models_pytorch builds it: from
/// the deepest map upwards, each skip joined at its size, then doubled to the image's.
template <UnetConfig config = UnetConfig{}, FeatureSpec in_port = FeatureSpec{}>
class UnetDecoder : public Module {
  static constexpr int skips = in_port.count - 1;
  static constexpr int steps = skips + doublings(in_port.stride[0]);

 public:
  template <FeatureSpec in, TextSpec>
  using At = UnetDecoder<config, in>;
  static constexpr UnetConfig settings = config;
  static constexpr FeatureSpec in = in_port;
  static constexpr FeatureSpec out = FeatureSpec::alike(
      1, config.width_of(steps - 1), in.stride[0] >> (steps - skips), Layout::map);

  /// taps, shallowest first -> map [B, out.width, H, W]
  ImageFeatures forward(ImageFeatures const& joint, TextFeatures const& /*said*/) const {
    at::Tensor x = as_map(joint, in, skips);
    for (int i = 0; i < steps; ++i) {
      if (i < skips) {
        x = blocks_[i]->forward(x, {as_map(joint, in, skips - 1 - i)});
      } else {
        int const stride = stride_after(i);
        x = blocks_[i]->forward(x, joint.height() / stride, joint.width() / stride);
      }
    }
    return joint.with(x);
  }

  static constexpr long long parameter_count() {
    long long count = 0;
    for (int i = 0; i < steps; ++i) count += UnetBlock::parameter_count(ports(i));
    return count;
  }
  static constexpr long long flops(Workload load) {
    long long count = 0;
    for (int i = 0; i < steps; ++i)
      count += UnetBlock::flops(
          ports(i), 1LL * (load.height / stride_after(i)) * (load.width / stride_after(i)));
    return count;
  }

 private:
  static constexpr int stride_after(int step) {
    return step < skips ? in.stride[skips - 1 - step] : in.stride[0] >> (step - skips + 1);
  }
  static constexpr UnetPorts ports(int step) {
    return {.in = step == 0 ? in.width[skips] : config.width_of(step - 1),
            .skip = step < skips ? in.width[skips - 1 - step] : 0,
            .out = config.width_of(step)};
  }

  std::vector<std::shared_ptr<UnetBlock>> blocks_ = children_of<UnetBlock>(
      "blocks", steps, [](int i) { return std::make_shared<UnetBlock>(ports(i)); });
};

}  // namespace vlsm
