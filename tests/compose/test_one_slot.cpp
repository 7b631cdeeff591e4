// SPDX-License-Identifier: MIT
#include <array>

#include "support/doctest.hpp"
#include "vlsm/adapt/shallow.hpp"
#include "vlsm/fusion/cross_attention.hpp"
#include "vlsm/fusion/film_skips.hpp"
#include "vlsm/head/stacked_unet.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unet.hpp"
#include "vlsm/segmenter/check.hpp"

// Each published model with one slot replaced, in one `using` line, by every block there is: where
// it can stand there, ports follow; where it cannot, tests/compile_fail shows what is said.
namespace {

using namespace vlsm;

template <class Base, class Block>
struct WithVision : Base {
  using Vision = Block;
};
template <class Base, class Block>
struct WithText : Base {
  using Text = Block;
};
template <class Base, class Block>
struct WithFusion : Base {
  using Fusion = Block;
};
template <class Base, class Block>
struct WithDecoder : Base {
  using Decoder = Block;
};
template <class Base, class Block>
struct WithHead : Base {
  using Head = Block;
};

template <template <class, class> class With, class Base, class... Blocks>
consteval auto fitting() {
  return std::array<bool, sizeof...(Blocks)>{vlsm::detail::all_fit<With<Base, Blocks>>()...};
}

template <class Base>
consteval auto visions() {
  return fitting<WithVision, Base, VisionTransformer<clip_vit_b16>, VisionTransformer<timm_vit_b16>,
                 ShallowAdapters<VisionTransformer<clip_vit_b16>>, ClipResNet<clip_rn50>,
                 ResNet<resnet50>, ResNet<resnet50_dilated>>();
}
template <class Base>
consteval auto texts() {
  return fitting<WithText, Base, ClipText<clip_text>, ClipText<cris_text>, BertText<pubmed_bert>,
                 NoText>();
}
template <class Base>
consteval auto fusions() {
  return fitting<WithFusion, Base, Film<FilmConfig{.width = 64}>, FilmSkips<>,
                 CrossAttention<CrossAttentionConfig{.width = 64, .heads = 4}>,
                 TextFpn<FpnConfig{.width = {256, 512, 1024}}>, PassThrough<>>();
}
template <class Base>
consteval auto decoders() {
  return fitting<WithDecoder, Base, TransformerDecoder<DecoderConfig{.heads = 4, .ffn = 64}>,
                 CrossDecoder<CrossConfig{.heads = 4, .ffn = 64, .layers = 1}>, UnetDecoder<>,
                 UnetPlusPlusDecoder<>, DeepLabV3PlusDecoder<>>();
}
template <class Base>
consteval auto heads() {
  return fitting<WithHead, Base, TransposedHead<>, RefinedHead<>, DynamicHead<>,
                 DynamicHead<ProjectorConfig{.steps = 0}>, ConvHead<>, StackedUnet<ConvHead<>>>();
}

constexpr bool yes = true, no = false;

// Towers with other than three taps, or of several strides, are not CLIPSeg's decoder's.
static_assert(visions<ClipSeg>() == std::array{yes, yes, yes, no, no, no});
static_assert(texts<ClipSeg>() == std::array{yes, yes, yes, no});
static_assert(fusions<ClipSeg>() == std::array{yes, yes, yes, yes, yes});
static_assert(decoders<ClipSeg>() == std::array{yes, no, no, no, no});
static_assert(heads<ClipSeg>() == std::array{yes, yes, yes, yes, yes, yes});

// CRIS's neck wants three taps, its decoder words as wide as the neck's map.
static_assert(visions<Cris>() == std::array{yes, yes, yes, yes, no, no});
static_assert(texts<Cris>() == std::array{yes, yes, no, no});
static_assert(fusions<Cris>() == std::array{no, no, no, yes, no});
static_assert(decoders<Cris>() == std::array{yes, yes, no, no, no});  // a U-Net leaves no doublings
static_assert(heads<Cris>() == std::array{yes, yes, yes, yes, yes, yes});

// A U-Net takes any tower; without words there is nothing for a fusion to read.
static_assert(visions<Unet>() == std::array{yes, yes, yes, yes, yes, yes});
static_assert(texts<Unet>() == std::array{yes, yes, yes, yes});
static_assert(fusions<Unet>() == std::array{no, no, no, no, yes});
static_assert(decoders<Unet>() == std::array{no, no, yes, yes, no});
static_assert(heads<Unet>() == std::array{yes, no, no, no, yes, yes});

TEST_CASE("a slot that is replaced reads what the slots before it write") {
  using Mine = WithVision<WithText<ClipSeg, BertText<pubmed_bert>>, ClipResNet<clip_rn50>>;
  using Built = vlsm::detail::Blocks<Mine>;
  CHECK(Built::Fusion::image == ClipResNet<clip_rn50>::out);
  CHECK(Built::Fusion::text == BertText<pubmed_bert>::out);
  CHECK(Built::Decoder::in == Built::Fusion::out);
}

}  // namespace
