// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/compose/ports.hpp"

namespace vlsm {

/// What a vision tower, a fusion or a decoder wrote: the values behind a `FeatureSpec` port.
struct ImageFeatures {
  std::vector<at::Tensor> taps;  ///< shallowest first; layout and widths as the port says
  at::Tensor pooled;             ///< [B, pooled], undefined where the port says 0
  at::Tensor image;              ///< [B, 3, H, W], where they were seen: any block may look again

  std::int64_t height() const { return side(2); }  ///< pixels
  std::int64_t width() const { return side(3); }

  /// The same image's features with other taps instead of these: what a fusion returns.
  ImageFeatures with(std::vector<at::Tensor> others) const {
    return {std::move(others), {}, image};
  }
  /// The same with one: what a decoder returns.
  ImageFeatures with(at::Tensor const& map) const { return with(std::vector{map}); }

 private:
  std::int64_t side(int axis) const {
    if (!image.defined())
      throw Error("a block before this one handed on no image", "ImageFeatures::image",
                  "return `seen.with(…)`, or .image = image from a vision tower");
    return image.size(axis);
  }
};

/// What a text tower wrote: the values behind a `TextSpec` port.
struct TextFeatures {
  at::Tensor sentence;  ///< [B, sentence]
  at::Tensor words;     ///< [B, L, words]
  at::Tensor padding;   ///< [B, L] bool, true where no word stands; undefined: everywhere one does
};

/// A condition between a sentence and a picture pooled to the sentence's width, [B, sentence] each:
/// 0 is the sentence, 1 the picture. CLIPSeg was trained on such mixtures (section 3 of its paper).
inline TextFeatures mix_conditions(TextFeatures const& said, at::Tensor const& picture,
                                   double share) {
  TextFeatures mixed = said;
  mixed.sentence = said.sentence.lerp(picture, share);
  return mixed;
}

/// Token ids, padded to a common length.
struct Tokens {
  at::Tensor ids;  ///< [B, L] int64
};

}  // namespace vlsm

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
