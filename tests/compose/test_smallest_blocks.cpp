// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "vlsm/check.hpp"
#include "vlsm/nn/conv.hpp"
#include "vlsm/nn/layout.hpp"

// The smallest block of each slot, as docs/slots.md quotes them.
namespace {

using namespace vlsm;

// [vision]
/// One convolution whose cells do not overlap.
template <int width, int patch>
class Patches : public Module {
 public:
  static constexpr Taps out = Taps::alike(1, width, patch, Layout::map);

  Features forward(at::Tensor const& image) const {
    return {.taps = {embed_->forward(image)}, .pooled = {}, .image = image};
  }
  static constexpr long long parameter_count() { return Conv::parameter_count(embed); }
  static constexpr long long flops(Load load) { return Conv::flops(embed, cells_of(out, 0, load)); }

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
  static constexpr Words out{.sentence = width, .words = width};
  static constexpr int vocabulary = ids;
  static constexpr PadTo pad_to{.id = 0};

  Said forward(Tokens const& tokens) const {
    at::Tensor const padding = tokens.ids == pad_to.id;  // [B, L]
    at::Tensor const words = at::embedding(table_, tokens.ids);
    at::Tensor const counts = padding.logical_not().unsqueeze(2).to(words.scalar_type());
    return {.sentence = (words * counts).sum(1) / counts.sum(1).clamp_min(1),
            .words = words,
            .padding = padding};
  }
  static constexpr long long parameter_count() { return 1LL * ids * width; }
  static constexpr long long flops(Load) { return 0; }

 private:
  at::Tensor table_ = normal("table", {ids, width}, 1);
};
// [text]

// [fusion]
/// The sentence gates the channels of the only tap, which must be as wide.
template <Taps seen, Words said>
class Gate : public Module {
  static_assert(seen.count == 1 && said.sentence == seen.width[0],
                "Gate reads one tap as wide as the sentence");

 public:
  static constexpr Taps image = seen, out = seen;
  static constexpr Words text = said;

  Features forward(Features const& picture, Said const& prompt) const {
    return picture.with(picture.taps[0] * per_channel(prompt.sentence, image.layout));
  }
  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Load) { return 0; }
};
// [fusion]

// [decoder]
/// Nothing but a rectifier.
template <Taps joint>
class Rectifier : public Module {
  static_assert(joint.count == 1, "Rectifier reads one map: choose a fusion that writes one");

 public:
  static constexpr Taps in = joint, out = joint;

  Features forward(Features const& features, Said const& /*said*/) const {
    return features.with(at::relu(features.taps[0]));
  }
  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Load) { return 0; }
};
// [decoder]

// [head]
/// A score a cell, repeated over the cell's pixels.
template <Taps map>
class BlockyHead : public Module {
 public:
  static constexpr Taps in = map;
  static constexpr int scale = map.stride[0];

  at::Tensor forward(Features const& read, Said const& /*said*/) const {
    return at::upsample_nearest2d(score_->forward(read.taps[0]), {read.height(), read.width()});
  }
  static constexpr long long parameter_count() { return Conv::parameter_count(score); }
  static constexpr long long flops(Load load) { return Conv::flops(score, cells_of(in, 0, load)); }

 private:
  static constexpr ConvConfig score{.in = map.width[0], .out = 1};
  std::shared_ptr<Conv> score_ = child<Conv>("score", score);
};
// [head]

// [smallest]
struct Smallest {
  using Vision = Patches<16, 8>;
  using Text = BagOfTokens<256, 16>;
  using Fusion = Gate<Vision::out, Text::out>;
  using Decoder = Rectifier<Fusion::out>;
  using Head = BlockyHead<Decoder::out>;
  static constexpr Recipe recipe{.image = 32, .normalize = imagenet};
};
// [smallest]

TEST_CASE("the smallest blocks are sound") { CHECK(check<Smallest>().empty()); }

}  // namespace
