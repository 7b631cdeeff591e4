// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/core/concepts.hpp"

namespace vlsm {

/// Proves at compile time that the slots of `A` fit each other; one static_assert a seam, each message
/// complete in itself (slot, the two members, the remedy). Returns true, so it can be asserted.
template <class A>
consteval bool fits() {
  static_assert(Architecture<A>,
                "An architecture names Vision, Text, Fusion, Decoder, Head and `static constexpr Recipe recipe`");
  if constexpr (Architecture<A>) {
    using Vision = typename A::Vision;
    using Text = typename A::Text;
    using Fusion = typename A::Fusion;
    using Decoder = typename A::Decoder;
    using Head = typename A::Head;

    // Is it such a block at all?
    constexpr bool blocks = VisionTower<Vision> && TextTower<Text> && FusionBlock<Fusion> &&
                            DecoderBlock<Decoder> && HeadBlock<Head>;
    static_assert(VisionTower<Vision>, "Vision is no vision tower: it needs `static constexpr Taps out`, parameters() and flops()");
    static_assert(TextTower<Text>, "Text is no text tower: it needs `static constexpr Words out`, parameters() and flops()");
    static_assert(FusionBlock<Fusion>, "Fusion is no fusion block: it needs `static constexpr Taps image, out`, `Words text`, parameters() and flops()");
    static_assert(DecoderBlock<Decoder>, "Decoder is no decoder: it needs `static constexpr Taps in, out`, parameters() and flops()");
    static_assert(HeadBlock<Head>, "Head is no head: it needs `static constexpr Taps in`, `int scale`, parameters() and flops()");

    // Does it fit here?
    if constexpr (blocks) {
      static_assert(Fusion::image.count == Vision::out.count,
                    "Fusion reads another number of taps than Vision writes: set Fusion's .image = Vision::out");
      static_assert(Fusion::image.layout == Vision::out.layout &&
                        Fusion::image.class_tokens == Vision::out.class_tokens,
                    "Fusion reads another layout than Vision writes (tokens or map): set Fusion's .image = Vision::out, or choose a fusion for that layout");
      static_assert(Fusion::image.width[0] == Vision::out.width[0] &&
                        Fusion::image.width == Vision::out.width,
                    "Fusion reads taps of another width than Vision writes: set Fusion's .image = Vision::out");
      static_assert(Fusion::image.stride == Vision::out.stride,
                    "Fusion reads taps of another stride (patch size) than Vision writes: set Fusion's .image = Vision::out");
      static_assert(Fusion::text.sentence == Text::out.sentence,
                    "Fusion reads sentences of another width than Text writes: set Fusion's .text = Text::out");
      static_assert(Fusion::text.words == Text::out.words,
                    "Fusion reads words of another width than Text writes: set Fusion's .text = Text::out");
      static_assert(Vision::out.pooled == 0 || Vision::out.pooled == Text::out.sentence,
                    "Vision pools images to another width than Text's sentences have: set Vision's .pooled = Text::out.sentence (or 0 for no image prompts)");
      static_assert(Decoder::in.width[0] == Fusion::out.width[0],
                    "Decoder reads maps of another width than Fusion writes: set Decoder's .in = Fusion::out");
      static_assert(Decoder::in.count == Fusion::out.count,
                    "Decoder reads another number of maps than Fusion writes: set Decoder's .in = Fusion::out");
      static_assert(Decoder::in.layout == Fusion::out.layout && Decoder::in == Fusion::out,
                    "Decoder reads maps of another layout or stride than Fusion writes: set Decoder's .in = Fusion::out");
      static_assert(Head::in.width[0] == Decoder::out.width[0],
                    "Head reads a map of another width than Decoder writes: set Head's .in = Decoder::out");
      static_assert(Head::scale == Decoder::out.stride[0],
                    "Head enlarges by another factor than Vision and Decoder shrink: choose a head for Decoder's stride");
      static_assert(A::recipe.image % Vision::out.stride[Vision::out.count - 1] == 0,
                    "recipe.image is no multiple of Vision's patch: choose a multiple");
    }
  }
  return true;
}

/// Parameters of all slots, from the configurations alone.
template <Architecture A>
consteval long long parameter_count() {
  return A::Vision::parameters() + A::Text::parameters() + A::Fusion::parameters() +
         A::Decoder::parameters() + A::Head::parameters();
}

/// Floating-point operations for one image and one prompt of `tokens` tokens, at the recipe's size.
template <Architecture A>
consteval long long flops(int tokens = A::recipe.tokens) {
  constexpr int side = A::recipe.image;
  Load const load{side, side, tokens};
  return A::Vision::flops(load) + A::Text::flops(load) + A::Fusion::flops(load) +
         A::Decoder::flops(load) + A::Head::flops(load);
}

}  // namespace vlsm
