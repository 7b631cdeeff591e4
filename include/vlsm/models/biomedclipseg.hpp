// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/models/clipseg.hpp"
#include "vlsm/text/bert_text.hpp"

namespace vlsm {

/// timm's ViT-B/16 in BiomedCLIP. medvlsm counts the embedding as layer 0 for CLIPSeg but not here:
/// the same layers 3, 6, 9 are the outputs of blocks 4, 7, 10.
inline constexpr VitConfig timm_vit_b16{
    .layer = {.width = 768, .heads = 12, .ffn = 3072, .activation = Activation::gelu, .eps = 6},
    .blocks = 12,
    .patch = 16,
    .grid = 14,
    .taps = {4, 7, 10},
    .count = 3,
    .norm_before = false,
    .patch_bias = true};

/// BiomedCLIPSeg (Poudel et al. 2024): BiomedCLIP's towers with CLIPSeg's decoder. Weights:
/// microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224 for the towers; the decoder starts at
/// random, or (BiomedCLIPSeg-D) from CIDAS/clipseg-rd64-refined.
struct BiomedClipSeg : ClipSeg {
  using Vision = VisionTransformer<timm_vit_b16>;
  using Text = BertText<pubmed_bert>;
  static constexpr Recipe recipe{
      .image = 224, .normalize = clip_normalization, .threshold = 0.5f, .tokens = 256};
};

/// The vision tower with all of its blocks, pooled into the width of the sentences.
inline constexpr VitConfig timm_vit_b16_pooled = [] {
  VitConfig config = timm_vit_b16;
  config.pooled = pubmed_bert.sentence;
  return config;
}();

/// BiomedCLIPSeg whose condition may also be a picture.
struct BiomedClipSegVisual : BiomedClipSeg {
  using Vision = VisionTransformer<timm_vit_b16_pooled>;
};

}  // namespace vlsm
