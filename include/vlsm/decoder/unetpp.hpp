// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/decoder/unet_block.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// UNet++ (Zhou et al. 2018, figure 1) as segmentation_models_pytorch builds it. Node x_d_l lies on
/// level `l` (the size of skip `l`, deepest first) and begins at depth `d`: it mixes the enlarged
/// x_d_(l-1) with the skip and with all nodes of its level that begin deeper.
template <UnetConfig config = UnetConfig{}, FeatureSpec in_port = FeatureSpec{}>
class UnetPlusPlusDecoder : public Module {
  static constexpr int skips = in_port.count - 1;

 public:
  template <FeatureSpec in, TextSpec>
  using At = UnetPlusPlusDecoder<config, in>;
  static constexpr UnetConfig settings = config;
  static constexpr FeatureSpec in = in_port;
  static constexpr FeatureSpec out = FeatureSpec::alike(1, config.width_of(skips), 1, Layout::map);

  static constexpr Needs needs{.least_taps = 2, .first_stride = 2};

  /// taps, shallowest first -> map [B, out.width, H, W]
  ImageFeatures forward(ImageFeatures const& joint, TextFeatures const& /*said*/) const {
    std::array<std::array<at::Tensor, skips>, skips> node;  // [depth][level]
    for (int level = 0; level < skips; ++level) {
      at::Tensor const skip = as_map(joint, in, skips - 1 - level);
      for (int depth = level; depth >= 0; --depth) {
        at::Tensor const deeper =
            depth == level ? as_map(joint, in, skips - level) : node[depth][level - 1];
        std::vector<at::Tensor> beside;  // those that begin just below this one come first
        for (int other = depth + 1; other <= level; ++other) beside.push_back(node[other][level]);
        beside.push_back(skip);
        node[depth][level] = nodes_[index(depth, level)]->forward(deeper, beside);
      }
    }
    return joint.with(last_->forward(node[0][skips - 1], joint.height(), joint.width()));
  }

  static constexpr long long parameter_count() {
    long long count = UnetBlock::parameter_count(last);
    each_node(
        [&](int depth, int level) { count += UnetBlock::parameter_count(ports(depth, level)); });
    return count;
  }
  static constexpr long long flops(Workload load) {
    long long count = UnetBlock::flops(last, 1LL * load.height * load.width);
    each_node([&](int depth, int level) {
      count += UnetBlock::flops(ports(depth, level), positions_of(in, skips - 1 - level, load));
    });
    return count;
  }

 private:
  static constexpr int skip_width(int level) { return in.width[skips - 1 - level]; }
  static constexpr UnetPorts ports(int depth, int level) {
    // A node that does not begin at depth 0 keeps its skip's width.
    int const before = level == 0   ? in.width[skips]
                       : depth == 0 ? config.width_of(level - 1)
                                    : skip_width(level - 1);
    return {.in = before,
            .skip = skip_width(level) * (level + 1 - depth),
            .out = depth == 0 ? config.width_of(level) : skip_width(level)};
  }
  static constexpr UnetPorts last{.in = config.width_of(skips - 1), .out = config.width_of(skips)};

  /// Calls visit(depth, level) for every node.
  template <class Visit>
  static constexpr void each_node(Visit visit) {
    for (int level = 0; level < skips; ++level)
      for (int depth = 0; depth <= level; ++depth) visit(depth, level);
  }
  static constexpr std::size_t index(int depth, int level) {
    return static_cast<std::size_t>(level * (level + 1) / 2 + depth);
  }

  std::vector<std::shared_ptr<UnetBlock>> nodes_ = [this] {
    std::vector<std::shared_ptr<UnetBlock>> nodes;
    each_node([&](int depth, int level) {
      nodes.push_back(child<UnetBlock>("x_" + std::to_string(depth) + "_" + std::to_string(level),
                                       ports(depth, level)));
    });
    return nodes;
  }();
  std::shared_ptr<UnetBlock> last_ = child<UnetBlock>("x_0_" + std::to_string(skips), last);
};

}  // namespace vlsm
