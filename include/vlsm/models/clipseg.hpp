// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/recipe.hpp"
#include "vlsm/decoder/transformer.hpp"
#include "vlsm/fusion/film.hpp"
#include "vlsm/head/transposed.hpp"
#include "vlsm/segmenter/segmenter.hpp"
#include "vlsm/text/clip_text.hpp"
#include "vlsm/vision/vit.hpp"

namespace vlsm {

/// CLIPSeg (Lueddecke and Ecker 2022), figure 2; weights: CIDAS/clipseg-rd64-refined.
struct ClipSeg {
  using Vision = VisionTransformer<clip_vit_b16>;  // taps after blocks 3, 6, 9
  using Text = ClipText<clip_text>;                // end token -> 512
  using Fusion = Film<FilmConfig{.width = 64}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 4, .ffn = 2048}>;
  using Head = RefinedHead<>;
  static constexpr Recipe recipe{
      .image = 352, .normalize = imagenet_normalization, .threshold = 0.5f};
};

/// With the plain head; weights: CIDAS/clipseg-rd64.
struct ClipSegSimple : ClipSeg {
  using Head = TransposedHead<>;
};

/// With 16 channels and the plain head; weights: the authors' rd16-uni.pth.
struct ClipSegRd16 : ClipSeg {
  using Fusion = Film<FilmConfig{.width = 16}>;
  using Head = TransposedHead<>;
};

/// The vision tower with all of its blocks, pooled into the width of the sentences.
inline constexpr VitConfig clip_vit_b16_pooled = [] {
  VitConfig config = clip_vit_b16;
  config.pooled = clip_text.sentence;
  return config;
}();

/// CLIPSeg whose condition may also be a picture, or a mix of picture and sentence. Text alone
/// needs 10 of the 12 vision blocks; a prompt that is a picture is pooled after all 12.
struct ClipSegVisual : ClipSeg {
  using Vision = VisionTransformer<clip_vit_b16_pooled>;
};

}  // namespace vlsm
