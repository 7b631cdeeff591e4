// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/check_input.hpp"
#include "vlsm/nn/residual_block.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// A residual network (He et al. 2016) as torchvision builds it.
struct ResNetConfig {
  Residual block = Residual::bottleneck;
  std::array<int, 4> layers{};  ///< blocks of each stage
  int in = 3;                   ///< channels of the image
  int width = 64;  ///< channels of the stem, and inside of the first stage; then doubled each stage
  /// What it hands on: 0 is the stem (half the image's sides), 1 to 4 are the stages; ascending.
  std::array<int, max_taps> taps{0, 1, 2, 3, 4};
  int count = 5;           ///< how many taps
  int output_stride = 32;  ///< 16: the last stage keeps its size and dilates instead (DeepLab)
};

inline constexpr ResNetConfig resnet18{.block = Residual::basic, .layers = {2, 2, 2, 2}};
inline constexpr ResNetConfig resnet34{.block = Residual::basic, .layers = {3, 4, 6, 3}};
inline constexpr ResNetConfig resnet50{.layers = {3, 4, 6, 3}};
inline constexpr ResNetConfig resnet101{.layers = {3, 4, 23, 3}};

/// The residual network of a ResNetConfig: a tower that writes the stages in `.taps` and is built
/// up to the last of them.
template <ResNetConfig config>
class ResNet : public Module {
  static_assert(config.count > 0 && config.taps[config.count - 1] <= 4,
                "ResNetConfig: the taps are 0 (the stem) to 4 (the last stage)");
  static_assert(ascend(config.taps, config.count),
                "ResNetConfig: .taps do not ascend: list the stages from the first to the last");
  static_assert(config.width > 0, "ResNetConfig: .width is 1 or more: 64 is torchvision's");
  static_assert(config.output_stride == 32 || config.output_stride == 16,
                "ResNetConfig: .output_stride is 32 or 16");
  static constexpr int expansion = residual_expansion(config.block);
  static constexpr int depth = config.taps[config.count - 1];  // stages built

  static constexpr int width_of(int stage) {
    return stage == 0 ? config.width : (config.width << (stage - 1)) * expansion;
  }
  static constexpr bool dilated(int stage) { return stage == 4 && config.output_stride == 16; }
  static constexpr int stride_of(int stage) {
    return dilated(stage) ? 16 : stage == 0 ? 2 : 2 << stage;
  }

 public:
  static constexpr ResNetConfig settings = config;
  static constexpr FeatureSpec out = [] {
    FeatureSpec taps{.count = config.count, .layout = Layout::map};
    for (int i = 0; i < config.count; ++i) {
      taps.width[i] = width_of(config.taps[i]);
      taps.stride[i] = stride_of(config.taps[i]);
    }
    return taps;
  }();

  /// image [B, in, H, W] -> taps [B, out.width, H / out.stride, W / out.stride] each. Throws Error
  /// for another number of channels and sides below 32 pixels.
  ImageFeatures forward(at::Tensor const& image) const {
    check_image(image, 32, config.in);
    at::Tensor x = stem_->forward(image);
    ImageFeatures seen{.taps = {}, .pooled = {}, .image = image};
    for (int stage = 0, tap = 0; stage <= depth; ++stage) {
      if (stage == 1) x = at::max_pool2d(x, 3, 2, 1);
      if (stage > 0)
        for (auto const& block : stages_[stage - 1]) x = block->forward(x);
      if (tap < config.count && stage == config.taps[tap]) {
        seen.taps.push_back(x);
        ++tap;
      }
    }
    return seen;
  }

  static constexpr long long parameter_count() {
    long long count = ConvNorm::parameter_count(stem);
    each_block([&](ResidualConfig c, int) { count += residual_parameters(c); });
    return count;
  }
  static constexpr long long flops(Workload load) {
    auto const cells = [&](int stride) {
      return 1LL * (load.height / stride) * (load.width / stride);
    };
    long long count = Conv::flops(stem, cells(2));
    each_block(
        [&](ResidualConfig c, int stage) { count += residual_flops(c, cells(stride_of(stage))); });
    return count;
  }

  /// Whether the published tower has a parameter of this name that this one leaves out.
  static bool omits(std::string_view name) {
    return name.starts_with("layer") && name.size() > 6 && name[6] == '.' &&
           name[5] > '0' + depth && name[5] <= '4';
  }

 private:
  static constexpr ConvConfig stem{
      .in = config.in, .out = config.width, .kernel = 7, .stride = 2, .padding = 3};

  static constexpr ResidualConfig block_of(int stage, int i) {
    return {.kind = config.block,
            .in = i > 0        ? width_of(stage)
                  : stage == 1 ? config.width
                               : width_of(stage - 1),
            .inner = config.width << (stage - 1),
            .stride = i == 0 && stage > 1 && !dilated(stage) ? 2 : 1,
            .dilation = dilated(stage) ? 2 : 1};
  }
  /// Calls visit(block, stage) for every block.
  template <class Visit>
  static constexpr void each_block(Visit visit) {
    for (int stage = 1; stage <= depth; ++stage)
      for (int i = 0; i < config.layers[stage - 1]; ++i) visit(block_of(stage, i), stage);
  }

  std::shared_ptr<ConvBlock> stem_ = child<ConvBlock>("stem", stem);
  std::vector<std::vector<std::shared_ptr<ResidualBlock>>> stages_ = [this] {
    std::vector<std::vector<std::shared_ptr<ResidualBlock>>> stages;
    for (int stage = 1; stage <= depth; ++stage)
      stages.push_back(children_of<ResidualBlock>(
          "layer" + std::to_string(stage), config.layers[stage - 1],
          [&](int i) { return std::make_shared<ResidualBlock>(block_of(stage, i)); }));
    return stages;
  }();
};

}  // namespace vlsm
