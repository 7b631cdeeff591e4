// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/check_input.hpp"
#include "vlsm/nn/conv_block.hpp"
#include "vlsm/segmenter/features.hpp"
#include "vlsm/vision/attention_pool.hpp"

namespace vlsm {

/// OpenAI CLIP's ResNet (Radford et al. 2021, section 2.4).
struct ClipResNetConfig {
  std::array<int, 4> layers{};  ///< blocks of each stage
  int width = 64;               ///< channels of the stem
  int grid = 7;                 ///< cells a side that the position table was trained for
  int out = 0;                  ///< channels of the attention pool
};

/// OpenAI's RN50.
inline constexpr ClipResNetConfig clip_rn50{.layers = {3, 4, 6, 3}, .out = 1024};

/// A residual block that shrinks by average pools, where others stride.
class ClipBottleneck : public Module {
 public:
  static constexpr int expansion = 4;

  ClipBottleneck(int in, int inner, int stride)
      : stride_(stride),
        conv1_(child<ConvBlock>("conv1", conv1x1(in, inner))),
        conv2_(child<ConvBlock>("conv2", conv3x3(inner, inner))),
        conv3_(child<ConvNorm>("conv3", conv1x1(inner, expansion * inner))),
        shortcut_(has_shortcut(in, inner, stride)
                      ? child<ConvNorm>("shortcut", conv1x1(in, expansion * inner))
                      : nullptr) {}

  /// [B, in, H, W] -> [B, 4 inner, H / stride, W / stride]
  at::Tensor forward(at::Tensor const& x) const {
    at::Tensor const inner = shrink(conv2_->forward(conv1_->forward(x)));
    at::Tensor const same = shortcut_ ? shortcut_->forward(shrink(x)) : x;
    return conv3_->plus_relu(inner, same);
  }

  static constexpr long long parameter_count(int in, int inner, int stride) {
    long long const main = ConvNorm::parameter_count(conv1x1(in, inner)) +
                           ConvNorm::parameter_count(conv3x3(inner, inner)) +
                           ConvNorm::parameter_count(conv1x1(inner, expansion * inner));
    return main + (has_shortcut(in, inner, stride)
                       ? ConvNorm::parameter_count(conv1x1(in, expansion * inner))
                       : 0);
  }
  /// `cells`: of the output.
  static constexpr long long flops(int in, int inner, int stride, long long cells) {
    long long const before = cells * stride * stride;
    return linear_flops(before, in + 9LL * inner, inner) +
           linear_flops(cells, inner + (has_shortcut(in, inner, stride) ? in : 0),
                        expansion * inner);
  }

 private:
  static constexpr bool has_shortcut(int in, int inner, int stride) {
    return stride > 1 || in != expansion * inner;
  }
  at::Tensor shrink(at::Tensor const& x) const {
    return stride_ > 1 ? at::avg_pool2d(x, stride_, stride_) : x;
  }

  std::int64_t stride_;
  std::shared_ptr<ConvBlock> conv1_, conv2_;
  std::shared_ptr<ConvNorm> conv3_, shortcut_;
};

/// CLIP's ResNet with CRIS's taps (Wang et al. 2022, figure 2): the second and third of four
/// stages, and the attention pool over the fourth.
template <ClipResNetConfig config>
class ClipResNet : public Module {
  static constexpr int stages = 4;
  static constexpr int last = config.width * 8 * ClipBottleneck::expansion;  // before the pool

 public:
  static constexpr ClipResNetConfig settings = config;
  static constexpr FeatureSpec out{.count = 3,
                                   .layout = Layout::map,
                                   .width = {8 * config.width, 16 * config.width, config.out},
                                   .stride = {8, 16, 32}};

  /// image [B, 3, H, W] -> C3, C4, C5 [B, out.width, H / out.stride, W / out.stride] each. Throws
  /// Error for another number of channels and sides below 32 pixels.
  ImageFeatures forward(at::Tensor const& image) const {
    auto const c = run_stages(image);
    return {.taps = {c[1], c[2], pool_->forward(c[3])}, .pooled = {}, .image = image};
  }

  /// image [B, 3, H, W] -> CLIP's embedding of it [B, out], as wide as CLIP's sentences: a prompt.
  at::Tensor embed_prompt(at::Tensor const& image) const {
    return pool_->embed(run_stages(image)[3]);
  }

  static constexpr long long parameter_count() {
    long long count = AttentionPool::parameter_count(last, config.grid, config.out);
    for (int i = 0; i < 3; ++i) count += ConvNorm::parameter_count(stem(i));
    each_block([&](int in, int inner, int stride, int /*stage*/) {
      count += ClipBottleneck::parameter_count(in, inner, stride);
    });
    return count;
  }
  static constexpr long long flops(Workload load) {
    auto const cells = [&](int stride) {
      return 1LL * (load.height / stride) * (load.width / stride);
    };
    long long count = AttentionPool::flops(last, config.out, cells(32));
    for (int i = 0; i < 3; ++i) count += Conv::flops(stem(i), cells(2));
    each_block([&](int in, int inner, int stride, int stage) {
      count += ClipBottleneck::flops(in, inner, stride, cells(4 << stage));
    });
    return count;
  }

 private:
  std::array<at::Tensor, stages> run_stages(at::Tensor const& image) const {
    check_image(image, 32);
    at::Tensor x = image;
    for (auto const& layer : stem_) x = layer->forward(x);
    x = at::avg_pool2d(x, 2);  // a quarter of the picture's sides
    std::array<at::Tensor, stages> maps;
    for (int stage = 0; stage < stages; ++stage) {
      for (auto const& block : stages_[stage]) x = block->forward(x);
      maps[stage] = x;
    }
    return maps;
  }

  static constexpr ConvConfig stem(int i) {
    return conv3x3(i == 0 ? 3 : config.width / 2, i == 2 ? config.width : config.width / 2,
                   i == 0 ? 2 : 1);
  }
  static constexpr int channels_before(int stage) {
    return stage == 0 ? config.width : (config.width << (stage - 1)) * ClipBottleneck::expansion;
  }
  /// Calls visit(in, inner, stride, stage) for every block.
  template <class Visit>
  static constexpr void each_block(Visit visit) {
    for (int stage = 0; stage < stages; ++stage) {
      int const inner = config.width << stage;
      for (int i = 0; i < config.layers[stage]; ++i)
        visit(i == 0 ? channels_before(stage) : inner * ClipBottleneck::expansion, inner,
              i == 0 && stage > 0 ? 2 : 1, stage);
    }
  }
  std::vector<std::shared_ptr<ClipBottleneck>> make_stage(int stage) {
    int const inner = config.width << stage;
    return children_of<ClipBottleneck>(
        "layer" + std::to_string(stage + 1), config.layers[stage], [&](int i) {
          return std::make_shared<ClipBottleneck>(
              i == 0 ? channels_before(stage) : inner * ClipBottleneck::expansion, inner,
              i == 0 && stage > 0 ? 2 : 1);
        });
  }

  std::vector<std::shared_ptr<ConvBlock>> stem_ =
      children_of<ConvBlock>("stem", 3, [](int i) { return std::make_shared<ConvBlock>(stem(i)); });
  std::array<std::vector<std::shared_ptr<ClipBottleneck>>, stages> stages_{
      make_stage(0), make_stage(1), make_stage(2), make_stage(3)};
  std::shared_ptr<AttentionPool> pool_ =
      child<AttentionPool>("pool", last, config.grid, config.width / 2, config.out);
};

}  // namespace vlsm
