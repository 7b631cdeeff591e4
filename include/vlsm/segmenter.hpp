// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/core/error.hpp"
#include "vlsm/core/fits.hpp"
#include "vlsm/nn/features.hpp"
#include "vlsm/nn/module.hpp"

namespace vlsm {

/// The model that an architecture describes. Its parameters are named after the slots:
/// `vision.*`, `text.*`, `fusion.*`, `decoder.*`, `head.*`.
template <class A>
class Segmenter : public Module {
  static_assert(fits<A>());

 public:
  using Architecture = A;

  /// image [B, 3, H, W], tokens [B, L] -> logits [B, 1, H, W]
  at::Tensor forward(at::Tensor const& image, Tokens const& tokens) const {
    return segment(vision->forward(image), text->forward(tokens));
  }

  /// The second half: what was seen and said -> logits. One picture may meet many sentences (and
  /// one sentence many pictures): a batch of 1 is repeated to the other's. Throws Error for other
  /// batches that differ.
  at::Tensor segment(Features seen, Said said) const {
    repeat_single(seen, said);
    Features const joint = fusion->forward(seen, said);
    Features const read = decoder->forward(joint, said);
    return head->forward(read, said);
  }

  std::shared_ptr<typename A::Vision> vision = child<typename A::Vision>("vision");
  std::shared_ptr<typename A::Text> text = child<typename A::Text>("text");
  std::shared_ptr<typename A::Fusion> fusion = child<typename A::Fusion>("fusion");
  std::shared_ptr<typename A::Decoder> decoder = child<typename A::Decoder>("decoder");
  std::shared_ptr<typename A::Head> head = child<typename A::Head>("head");

 private:
  static at::Tensor repeat(at::Tensor const& x, std::int64_t count) {
    if (!x.defined() || x.size(0) == count) return x;
    std::vector<std::int64_t> shape(x.sizes().begin(), x.sizes().end());
    shape[0] = count;
    return x.expand(shape);
  }
  static void repeat_single(Features& seen, Said& said) {
    at::Tensor const& heard = said.sentence.defined() ? said.sentence : said.words;
    if (!heard.defined()) return;
    std::int64_t const images = seen.taps[0].size(0), prompts = heard.size(0);
    if (images == 1) {
      for (at::Tensor& tap : seen.taps) tap = repeat(tap, prompts);
      seen.image = repeat(seen.image, prompts);
    }
    if (prompts == 1) {
      said.sentence = repeat(said.sentence, images);
      said.words = repeat(said.words, images);
      said.padding = repeat(said.padding, images);
    }
    if (images != prompts && images != 1 && prompts != 1)
      throw Error(std::to_string(images) + " pictures meet " + std::to_string(prompts) + " prompts",
                  "Segmenter::segment", "give as many of both, or one of either");
  }
};

}  // namespace vlsm
