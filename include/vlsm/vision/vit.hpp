// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <charconv>
#include <string_view>
#include <system_error>

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/check_input.hpp"
#include "vlsm/nn/conv.hpp"
#include "vlsm/nn/layer_norm.hpp"
#include "vlsm/nn/positions.hpp"
#include "vlsm/nn/transformer_layer.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// A vision transformer (Dosovitskiy et al. 2021) in the forms of OpenAI's CLIP and of timm.
struct VitConfig {
  LayerConfig layer;
  int blocks = 0;  ///< of the published tower; only those up to the last tap are built
  int patch = 16;  ///< pixels a side
  int grid = 0;    ///< patches a side that the position table was trained for
  std::array<int, max_taps> taps{};  ///< outputs of these blocks, counted from 0, ascending
  int count = 0;                     ///< how many taps
  bool norm_before = true;           ///< CLIP normalizes the embeddings, timm does not
  bool patch_bias = false;           ///< timm's patch embedding has a bias, CLIP's has none
  bool norm_taps = false;            ///< BLIP hands on the last block's tap after the final norm
  int pooled = 0;  ///< width images are projected to as prompts; 0: no image prompts
};

/// OpenAI's CLIP ViT-B/16 with CLIPSeg's taps.
inline constexpr VitConfig clip_vit_b16{
    .layer = {.width = 768, .heads = 12, .ffn = 3072, .activation = Activation::quick_gelu},
    .blocks = 12,
    .patch = 16,
    .grid = 14,
    .taps = {3, 6, 9},
    .count = 3};

/// The vision transformer of a VitConfig: a tower that writes the outputs of the blocks in `.taps`.
/// Blocks beyond the last tap are built only where `.pooled` asks for an image prompt.
template <VitConfig config>
class VisionTransformer : public Module {
  static_assert(divides(config.layer.heads, config.layer.width),
                "VitConfig: .layer.width is no multiple of .layer.heads");
  static_assert(config.count > 0 && config.taps[config.count - 1] < config.blocks,
                "VitConfig: a tap lies beyond the last block");
  static_assert(
      ascend(config.taps, config.count),
      "VitConfig: .taps do not ascend: list the blocks from the shallowest to the deepest");
  static_assert(!config.norm_taps || config.taps[config.count - 1] == config.blocks - 1,
                "VitConfig: .norm_taps is for a tap of the last block");

 public:
  static constexpr VitConfig settings = config;
  static constexpr int depth = config.pooled ? config.blocks : config.taps[config.count - 1] + 1;
  static constexpr FeatureSpec out = [] {
    FeatureSpec taps =
        FeatureSpec::alike(config.count, config.layer.width, config.patch, Layout::tokens, 1);
    taps.pooled = config.pooled;
    return taps;
  }();
  static constexpr Attentions attentions{.count = depth, .width = config.layer.width};

  /// image [B, 3, H, W] -> taps [B, 1 + (H/patch)(W/patch), width] each; `pooled` [B, pooled].
  ImageFeatures forward(at::Tensor const& image) const {
    at::Tensor x = embed(image);
    ImageFeatures seen{.taps = {}, .pooled = {}, .image = image};
    for (int block = 0, tap = 0; block < depth; ++block) {
      x = blocks_[block]->forward(x);
      if (tap < config.count && block == config.taps[tap]) {
        seen.taps.push_back(x);
        ++tap;
      }
    }
    if constexpr (config.norm_taps) seen.taps.back() = norm_after_->forward(x);
    if constexpr (config.pooled > 0) seen.pooled = pool(x);
    return seen;
  }

  /// image [B, 3, H, W] -> its embedding as a prompt [B, pooled].
  at::Tensor embed_prompt(at::Tensor const& image) const requires(config.pooled > 0) {
    return forward(image).pooled;
  }

  static constexpr long long parameter_count() {
    constexpr long long width = config.layer.width;
    long long count = width + Conv::parameter_count(patch_config) +
                      width * (1 + config.grid * config.grid) +
                      depth * layer_parameters(config.layer);
    if (config.norm_before) count += LayerNorm::parameter_count(width);
    if (normed) count += LayerNorm::parameter_count(width);
    if (config.pooled) count += width * config.pooled;
    return count;
  }
  static constexpr long long flops(Workload load) {
    long long const cells = 1LL * (load.height / config.patch) * (load.width / config.patch);
    return linear_flops(cells, 3LL * config.patch * config.patch, config.layer.width) +
           depth * layer_flops(config.layer, cells + 1);
  }

  /// Whether the published tower has a parameter of this name that this one leaves out.
  static bool omits(std::string_view name) {
    if (config.pooled > 0) return false;
    if (name.starts_with("norm_after.")) return !normed;
    if (name == "project.weight") return true;
    if (!name.starts_with("blocks.")) return false;
    int block = 0;
    std::string_view const number = name.substr(7);
    char const* const last = number.data() + number.size();
    auto const [end, wrong] = std::from_chars(number.data(), last, block);
    return wrong == std::errc() && end != last && *end == '.' && block >= depth &&
           block < config.blocks;
  }

 private:
  static constexpr bool normed = config.norm_taps || config.pooled > 0;
  static constexpr ConvConfig patch_config{.in = 3,
                                           .out = config.layer.width,
                                           .kernel = config.patch,
                                           .stride = config.patch,
                                           .bias = config.patch_bias};

  at::Tensor embed(at::Tensor const& image) const {
    check_image(image, config.patch);
    at::Tensor const cells = patch_->forward(image);  // [B, C, h, w]
    at::Tensor const token = class_token_.expand({image.size(0), 1, config.layer.width});
    at::Tensor const x = at::cat({token, cells.flatten(2).transpose(1, 2)}, 1) +
                         resize_position_table(positions_, cells.size(2), cells.size(3));
    return config.norm_before ? norm_before_->forward(x) : x;
  }

  at::Tensor pool(at::Tensor const& x) const {
    return project_->forward(norm_after_->forward(x.select(1, 0)));
  }

  static constexpr int width = config.layer.width;
  std::shared_ptr<Conv> patch_ = child<Conv>("patch", patch_config);
  // Random towers start as in OpenAI CLIP: positions as strong as width^-0.5, or they drown in the
  // patches.
  at::Tensor class_token_ = normal("class_token", {width}, 1 / std::sqrt(width));
  at::Tensor positions_ =
      normal("positions", {1 + config.grid * config.grid, width}, 1 / std::sqrt(width));
  std::shared_ptr<LayerNorm> norm_before_ =
      config.norm_before ? child<LayerNorm>("norm_before", width, config.layer.eps) : nullptr;
  std::vector<std::shared_ptr<PreNormLayer>> blocks_ =
      children<PreNormLayer>("blocks", depth, config.layer);
  std::shared_ptr<LayerNorm> norm_after_ =
      normed ? child<LayerNorm>("norm_after", width, config.layer.eps) : nullptr;
  std::shared_ptr<Linear> project_ =
      config.pooled ? child<Linear>("project", width, config.pooled, false) : nullptr;
};

}  // namespace vlsm
