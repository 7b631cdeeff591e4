// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "vlsm/nn/conv.hpp"
#include "vlsm/segmenter/check.hpp"
#include "vlsm/segmenter/features.hpp"

// The smallest block of each slot, as docs/slots.md quotes them.
namespace {

using namespace vlsm;

// [vision]
/// One convolution whose cells do not overlap.
template <int width, int patch>
class Patches : public Module {
 public:
  static constexpr FeatureSpec out = FeatureSpec::alike(1, width, patch, Layout::map);

  ImageFeatures forward(at::Tensor const& image) const {
    return {.taps = {embed_->forward(image)}, .pooled = {}, .image = image};
  }
  static constexpr long long parameter_count() { return Conv::parameter_count(embed); }
  static constexpr long long flops(Workload load) {
    return Conv::flops(embed, positions_of(out, 0, load));
  }

 private:
  static constexpr ConvConfig embed{.in = 3, .out = width, .kernel = patch, .stride = patch};
  std::shared_ptr<Conv> embed_ = child<Conv>("embed", embed);
};
// [vision]

// [text]
/// A vector a token; their mean is the sentence.
template <int ids, int width>
class BagOfTokens : public Module {
 public:
  static constexpr TextSpec out{.sentence = width, .words = width};
  static constexpr int vocabulary = ids;
  static constexpr PadTo pad_to{.id = 0};

  TextFeatures forward(Tokens const& tokens) const {
    at::Tensor const padding = tokens.ids == pad_to.id;  // [B, L]
    at::Tensor const words = at::embedding(table_, tokens.ids);
    at::Tensor const counts = padding.logical_not().unsqueeze(2).to(words.scalar_type());
    return {.sentence = (words * counts).sum(1) / counts.sum(1).clamp_min(1),
            .words = words,
            .padding = padding};
  }
  static constexpr long long parameter_count() { return 1LL * ids * width; }
  static constexpr long long flops(Workload) { return 0; }

 private:
  at::Tensor table_ = normal("table", {ids, width}, 1);
};
// [text]

// [fusion]
/// The sentence gates the channels of the only tap, which must be as wide.
template <FeatureSpec image_port = FeatureSpec{}, TextSpec text_port = TextSpec{}>
class Gate : public Module {
 public:
  template <FeatureSpec image, TextSpec text>
  using At = Gate<image, text>;
  static constexpr FeatureSpec image = image_port, out = image_port;
  static constexpr TextSpec text = text_port;
  static constexpr Needs needs{.taps = 1, .sentence = true};

  ImageFeatures forward(ImageFeatures const& picture, TextFeatures const& prompt) const {
    return picture.with(picture.taps[0] * per_channel(prompt.sentence, image.layout));
  }
  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Workload) { return 0; }
};
// [fusion]

// [decoder]
/// Nothing but a rectifier.
template <FeatureSpec in_port = FeatureSpec{}>
class Rectifier : public Module {
 public:
  template <FeatureSpec in, TextSpec>
  using At = Rectifier<in>;
  static constexpr FeatureSpec in = in_port, out = in_port;
  static constexpr Needs needs{.taps = 1};

  ImageFeatures forward(ImageFeatures const& features, TextFeatures const& /*said*/) const {
    return features.with(at::relu(features.taps[0]));
  }
  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Workload) { return 0; }
};
// [decoder]

// [head]
/// A score a cell, repeated over the cell's pixels.
template <FeatureSpec in_port = FeatureSpec{}>
class BlockyHead : public Module {
 public:
  template <FeatureSpec in, TextSpec>
  using At = BlockyHead<in>;
  static constexpr FeatureSpec in = in_port;
  static constexpr int scale = in.stride[0];

  at::Tensor forward(ImageFeatures const& read, TextFeatures const& /*said*/) const {
    return at::upsample_nearest2d(score_->forward(read.taps[0]), {read.height(), read.width()});
  }
  static constexpr long long parameter_count() { return Conv::parameter_count(score); }
  static constexpr long long flops(Workload load) {
    return Conv::flops(score, positions_of(in, 0, load));
  }

 private:
  static constexpr ConvConfig score{.in = in_port.width[0], .out = 1};
  std::shared_ptr<Conv> score_ = child<Conv>("score", score);
};
// [head]

// [smallest]
struct Smallest {
  using Vision = Patches<16, 8>;
  using Text = BagOfTokens<256, 16>;
  using Fusion = Gate<>;
  using Decoder = Rectifier<>;
  using Head = BlockyHead<>;
  static constexpr Recipe recipe{.image = 32, .normalize = imagenet_normalization};
};
// [smallest]

TEST_CASE("the smallest blocks are sound") { CHECK(check_architecture<Smallest>().empty()); }

}  // namespace
