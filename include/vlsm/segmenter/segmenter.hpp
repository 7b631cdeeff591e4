// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/compose/fits.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

namespace detail {

struct Anything {
  template <class T>
  operator T() const;
};
/// What Segmenter holds of an architecture that does not fit, as fits<A>() has said.
struct Silent : Module, Misfit {
  template <class... Read>
  Anything forward(Read const&...) const {
    return {};
  }
};

}  // namespace detail

/// The model that an architecture describes. Its parameters are named after the slots:
/// `vision.*`, `text.*`, `fusion.*`, `decoder.*`, `head.*`.
template <class A>
class Segmenter : public Module {
  static_assert(fits<A>());
  template <class Block>
  using Slot = std::conditional_t<std::is_base_of_v<detail::Misfit, Block>, detail::Silent, Block>;

 public:
  using Architecture = A;
  using Vision = Slot<typename Slots<A>::Vision>;
  using Text = Slot<typename Slots<A>::Text>;
  using Fusion = Slot<typename Slots<A>::Fusion>;
  using Decoder = Slot<typename Slots<A>::Decoder>;
  using Head = Slot<typename Slots<A>::Head>;

  Segmenter() = default;
  /// No copies: LibTorch's would share the weights of the one that they are of.
  Segmenter(Segmenter const&) = delete;
  Segmenter(Segmenter&&) noexcept = default;

  /// image [B, 3, H, W], tokens [B, L] -> logits [B, 1, H, W]; where the stride of the decoder's
  /// map does not divide H or W, a head that enlarges by a factor gives `scale` times the map's
  /// sides. Throws Error for images that the vision tower cannot see, tokens that the text tower
  /// cannot read, and numbers of them that cannot meet.
  at::Tensor forward(at::Tensor const& image, Tokens const& tokens) const {
    return segment(encode_image(image), encode_text(tokens));
  }

  /// image [B, 3, H, W] -> what any number of prompts may meet
  ImageFeatures encode_image(at::Tensor const& image) const {
    refuse_gradient({image});
    return vision->forward(is_prepared() ? image.to(type_) : image);
  }
  /// tokens [B, L] -> what any number of pictures may meet
  TextFeatures encode_text(Tokens const& tokens) const { return text->forward(tokens); }

  /// The second half: what was seen and said -> logits. One picture may meet many sentences (and
  /// one sentence many pictures): a batch of 1 is repeated to the other's. Throws Error for other
  /// batches that differ, and where what a tower's port promises and is read was not written.
  at::Tensor segment(ImageFeatures seen, TextFeatures said) const {
    check_written(seen, said);
    refuse_gradient(seen.taps);
    refuse_gradient({seen.image, seen.pooled, said.sentence, said.words});
    repeat_single(seen, said);
    if (is_prepared())  // the text tower may have read before it was
      for (at::Tensor* const part : {&said.sentence, &said.words})
        if (part->defined()) *part = part->to(type_);
    ImageFeatures const joint = fusion->forward(seen, said);
    ImageFeatures const read = decoder->forward(joint, said);
    at::Tensor const logits = head->forward(read, said);
    return is_prepared() ? logits.to(at::kFloat) : logits;
  }

  std::shared_ptr<Vision> vision = child<Vision>("vision");
  std::shared_ptr<Text> text = child<Text>("text");
  std::shared_ptr<Fusion> fusion = child<Fusion>("fusion");
  std::shared_ptr<Decoder> decoder = child<Decoder>("decoder");
  std::shared_ptr<Head> head = child<Head>("head");

 private:
  void make_ready(Preparation const& how) override {
    type_ = how.type;
    Module::make_ready(how);
  }

  /// What was packed cuts the graph: a gradient would be that of the rest.
  void refuse_gradient(std::vector<at::Tensor> const& inputs) const {
    auto const wants = [](at::Tensor const& x) { return x.defined() && x.requires_grad(); };
    if (is_prepared() && at::GradMode::is_enabled() && std::ranges::any_of(inputs, wants))
      throw Error("a model that was prepared for inference gives no gradient",
                  "Segmenter: an input requires one", "open the model anew, or use NoGradGuard");
  }

  static void check_written(ImageFeatures const& seen, TextFeatures const& said) {
    using S = Slots<A>;
    constexpr Needs fusion = detail::needs_of<typename S::Fusion>(),
                    decoder = detail::needs_of<typename S::Decoder>(),
                    head = detail::needs_of<typename S::Head>();
    auto const check = [](bool written, char const* what) {
      if (!written)
        throw Error(what, "Segmenter::segment",
                    "let the tower write it; check_architecture lists what else is wrong");
    };
    check(std::ssize(seen.taps) == S::Vision::out.count,
          "Vision wrote not as many taps as its port says");
    if constexpr (fusion.sentence || decoder.sentence || head.sentence)
      check(said.sentence.defined(), "Text wrote no sentence");
    if constexpr (fusion.words || decoder.words || head.words || fusion.as_wide_as_words ||
                  decoder.as_wide_as_words || head.as_wide_as_words)
      check(said.words.defined(), "Text wrote no words");
  }

  static at::Tensor repeat(at::Tensor const& x, std::int64_t count) {
    if (!x.defined() || x.size(0) == count) return x;
    std::vector<std::int64_t> shape(x.sizes().begin(), x.sizes().end());
    shape[0] = count;
    return x.expand(shape);
  }
  static void repeat_single(ImageFeatures& seen, TextFeatures& said) {
    at::Tensor const& heard = said.sentence.defined() ? said.sentence : said.words;
    if (!heard.defined()) return;
    std::int64_t const images = seen.taps[0].size(0), prompts = heard.size(0);
    if (images == 1) {
      for (at::Tensor& tap : seen.taps) tap = repeat(tap, prompts);
      seen.pooled = repeat(seen.pooled, prompts);
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

  at::ScalarType type_ = at::kFloat;  // that the model was prepared for
};

}  // namespace vlsm
