// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include "vlsm/compose/ports.hpp"
#include "vlsm/segmenter/features.hpp"

// Blocks that read tokens meet towers that write maps, and the other way round.
namespace vlsm {

/// Height and width in cells of tap `i`, tokens [B, N, C] or a map [B, C, h, w].
inline std::pair<std::int64_t, std::int64_t> size_of(ImageFeatures const& features,
                                                     FeatureSpec const& port, int i) {
  if (port.layout == Layout::tokens)
    return {features.height() / port.stride[i], features.width() / port.stride[i]};
  at::Tensor const& map = features.taps[static_cast<std::size_t>(i)];
  return {map.size(2), map.size(3)};
}

/// Tap `i` as a map [B, C, h, w]; tokens lose their class tokens.
inline at::Tensor as_map(ImageFeatures const& features, FeatureSpec const& port, int i) {
  at::Tensor const& tap = features.taps[static_cast<std::size_t>(i)];
  if (port.layout == Layout::map) return tap;
  auto const [height, width] = size_of(features, port, i);
  return tap.slice(1, port.class_tokens)
      .transpose(1, 2)
      .reshape({tap.size(0), tap.size(2), height, width});
}

/// Tap `i` as tokens [B, N, C]; a map has no class tokens.
inline at::Tensor as_tokens(ImageFeatures const& features, FeatureSpec const& port, int i) {
  at::Tensor const& tap = features.taps[static_cast<std::size_t>(i)];
  return port.layout == Layout::tokens ? tap : tap.flatten(2).transpose(1, 2);
}

/// Tokens [B, N, C] that were made of `tap`, in its layout again.
inline at::Tensor in_layout_of(at::Tensor const& tap, at::Tensor const& tokens, Layout layout) {
  if (layout == Layout::tokens) return tokens;
  return tokens.transpose(1, 2).reshape({tap.size(0), tokens.size(2), tap.size(2), tap.size(3)});
}

/// A block for [..., C] applied to the channels of a tap of either layout.
template <class Block>
at::Tensor on_channels(Block const& block, at::Tensor const& tap, Layout layout) {
  if (layout == Layout::tokens) return block.forward(tap);
  return block.forward(tap.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
}

/// A vector a channel [B, C], in a shape that multiplies and adds to a tap of this layout.
inline at::Tensor per_channel(at::Tensor const& vector, Layout layout) {
  return layout == Layout::tokens ? vector.unsqueeze(1) : vector.unsqueeze(-1).unsqueeze(-1);
}

}  // namespace vlsm
