// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/recipe.hpp"
#include "vlsm/decoder/cross_decoder.hpp"
#include "vlsm/fusion/text_fpn.hpp"
#include "vlsm/head/dynamic.hpp"
#include "vlsm/segmenter/segmenter.hpp"
#include "vlsm/text/clip_text.hpp"
#include "vlsm/vision/clip_resnet.hpp"

namespace vlsm {

/// The text tower of OpenAI's RN50, its prompts padded with zeros that are not looked at.
inline constexpr ClipTextConfig cris_text = [] {
  ClipTextConfig config = clip_text;
  config.sentence = 1024;
  config.padding = TextPadding::zero_masked;
  return config;
}();

/// CRIS (Wang et al. 2022), figure 2; weights: cris_best.pth, or CLIP's RN50.pt to start from.
struct Cris {
  using Vision = ClipResNet<clip_rn50>;  // C3, C4, and C5 behind the attention pool
  using Text = ClipText<cris_text>;      // sentence 1024, words 512
  using Fusion = TextFpn<FpnConfig{.width = {256, 512, 1024}}>;
  using Decoder = CrossDecoder<CrossConfig{.heads = 8, .ffn = 2048, .layers = 3, .dropout = 10}>;
  using Head = DynamicHead<>;
  static constexpr Recipe recipe{.image = 416,
                                 .normalize = clip_normalization,
                                 .threshold = 0.35f,
                                 .tokens = 17,
                                 .fit = Fit::letterbox};
};

/// The same text tower with prompts padded by the end token to all 77 positions, each of them seen.
inline constexpr ClipTextConfig cris_text_padded = [] {
  ClipTextConfig config = cris_text;
  config.padding = TextPadding::end_attended;
  return config;
}();

/// CRIS as the study fine-tuned it (medvlsm): prompts of up to 77 tokens, their padding looked at.
struct CrisPadded : Cris {
  using Text = ClipText<cris_text_padded>;
  static constexpr Recipe recipe{.image = 416, .normalize = clip_normalization, .threshold = 0.35f};
};

}  // namespace vlsm
