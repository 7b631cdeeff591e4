// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace vlsm {

/// What a vision tower, a fusion or a decoder wrote: the values behind a `FeatureSpec` port.
struct ImageFeatures {
  std::vector<at::Tensor> taps;  ///< shallowest first; layout and widths as the port says
  at::Tensor pooled;             ///< [B, pooled], undefined where the port says 0
  at::Tensor image;              ///< [B, 3, H, W], where they were seen: any block may look again

  std::int64_t height() const { return image.size(2); }  ///< pixels
  std::int64_t width() const { return image.size(3); }

  /// The same image's features with other taps instead of these: what a fusion returns.
  ImageFeatures with(std::vector<at::Tensor> others) const {
    return {std::move(others), {}, image};
  }
  /// The same with one: what a decoder returns.
  ImageFeatures with(at::Tensor const& map) const { return with(std::vector{map}); }
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
