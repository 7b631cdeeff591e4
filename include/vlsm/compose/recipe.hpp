// SPDX-License-Identifier: MIT
#pragma once

#include <array>

namespace vlsm {

/// Mean and standard deviation per RGB channel, for pixels in [0, 1].
struct Normalization {
  std::array<float, 3> mean;
  std::array<float, 3> deviation;
};

/// torchvision's ImageNet statistics; CLIPSeg and the baselines.
inline constexpr Normalization imagenet_normalization{{0.485f, 0.456f, 0.406f},
                                                      {0.229f, 0.224f, 0.225f}};
/// OpenAI CLIP's statistics; CRIS and the BiomedCLIP models.
inline constexpr Normalization clip_normalization{{0.48145466f, 0.4578275f, 0.40821073f},
                                                  {0.26862954f, 0.26130258f, 0.27577711f}};

/// How a picture becomes the model's square.
enum class Fit {
  stretch,   ///< both sides are resized, as PIL does; the study and CLIPSeg
  letterbox  ///< the proportions are kept, the mean color fills the rest; CRIS's own code
};

/// What a model expects of its caller: how pictures and prompts are prepared, how logits are read.
struct Recipe {
  int image = 0;            ///< pixels a side of the square that pictures are resized to
  Normalization normalize;  ///< applied to pixels in [0, 1]
  float threshold = 0.5f;   ///< a pixel belongs to the object where sigmoid(logit) > threshold
  int tokens = 77;          ///< prompts are cut to this length, end token kept
  Fit fit = Fit::stretch;   ///< how a picture that is not square becomes one
};

}  // namespace vlsm
