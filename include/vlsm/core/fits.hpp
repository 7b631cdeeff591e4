// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/core/concepts.hpp"

namespace vlsm {

namespace detail {

/// Whether two ports agree in a member beyond the first tap, as far as both have taps: the first is
/// compared on its own, so that the compiler prints its two numbers.
constexpr bool agree(std::array<int, max_taps> const& a, std::array<int, max_taps> const& b,
                     Taps const& one, Taps const& other) {
  for (int i = 1; i < one.count && i < other.count; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

/// A number that shows in the error: g++ prints "(64 == 128)", clang "number<64> == number<128>".
template <int value>
inline constexpr int number = value;

// As constants, because g++ explains a concept that fails over ten lines more.
template <class A>
inline constexpr bool is_architecture = Architecture<A>;
template <class B>
inline constexpr bool is_vision_tower = VisionTower<B>;
template <class B>
inline constexpr bool is_text_tower = TextTower<B>;
template <class B>
inline constexpr bool is_fusion = FusionBlock<B>;
template <class B>
inline constexpr bool is_decoder = DecoderBlock<B>;
template <class B>
inline constexpr bool is_head = HeadBlock<B>;

}  // namespace detail

/// Proves at compile time that the slots of `A` fit each other; one static_assert a seam, each
/// message complete in itself (slot, the two members, the remedy). Returns true, so it can be
/// asserted.
template <class A>
consteval bool fits() {
  static_assert(detail::is_architecture<A>,
                "An architecture names Vision, Text, Fusion, Decoder, Head and `static constexpr "
                "Recipe recipe`");
  if constexpr (detail::is_architecture<A>) {
    using Vision = typename A::Vision;
    using Text = typename A::Text;
    using Fusion = typename A::Fusion;
    using Decoder = typename A::Decoder;
    using Head = typename A::Head;

    // Is it such a block at all?
    static_assert(detail::is_vision_tower<Vision>,
                  "Vision is no vision tower: it needs `static constexpr Taps out`, "
                  "parameter_count() and flops()");
    static_assert(detail::is_text_tower<Text>,
                  "Text is no text tower: it needs `static constexpr Words out`, parameter_count() "
                  "and flops()");
    static_assert(detail::is_fusion<Fusion>,
                  "Fusion is no fusion block: it needs `static constexpr Taps image, out`, `Words "
                  "text`, parameter_count() and flops()");
    static_assert(detail::is_decoder<Decoder>,
                  "Decoder is no decoder: it needs `static constexpr Taps in, out`, "
                  "parameter_count() and flops()");
    static_assert(detail::is_head<Head>,
                  "Head is no head: it needs `static constexpr Taps in`, `int scale`, "
                  "parameter_count() and flops()");

    // Does it fit here?
    if constexpr (detail::is_vision_tower<Vision> && detail::is_text_tower<Text> &&
                  detail::is_fusion<Fusion>) {
      constexpr Taps reads = Fusion::image, writes = Vision::out;
      static_assert(detail::number<reads.count> == detail::number<writes.count>,
                    "Fusion reads another number of taps than Vision writes: set Fusion's .image = "
                    "Vision::out");
      static_assert(reads.layout == writes.layout && reads.class_tokens == writes.class_tokens,
                    "Fusion reads another layout than Vision writes (tokens or maps): set Fusion's "
                    ".image = Vision::out, or choose a fusion for that layout");
      static_assert(detail::number<reads.width[0]> == detail::number<writes.width[0]>,
                    "Fusion reads taps of another width than Vision writes: set Fusion's .image = "
                    "Vision::out");
      static_assert(reads.width[0] != writes.width[0] ||
                        detail::agree(reads.width, writes.width, reads, writes),
                    "Fusion reads deeper taps of another width than Vision writes: set Fusion's "
                    ".image = Vision::out");
      static_assert(reads.stride[0] == writes.stride[0] &&
                        detail::agree(reads.stride, writes.stride, reads, writes),
                    "Fusion reads taps of another stride (patch size) than Vision writes: set "
                    "Fusion's .image = Vision::out");
      static_assert(detail::number<Fusion::text.sentence> == detail::number<Text::out.sentence>,
                    "Fusion reads sentences of another width than Text writes: set Fusion's .text "
                    "= Text::out");
      static_assert(
          detail::number<Fusion::text.words> == detail::number<Text::out.words>,
          "Fusion reads words of another width than Text writes: set Fusion's .text = Text::out");
      static_assert(writes.pooled == 0 || writes.pooled == Text::out.sentence,
                    "Vision pools images to another width than Text's sentences have: set Vision's "
                    ".pooled = Text::out.sentence (or 0 for no image prompts)");
      static_assert(A::recipe.image % writes.stride[writes.count - 1] == 0,
                    "recipe.image is no multiple of Vision's patch: choose a multiple");
    }
    if constexpr (detail::is_text_tower<Text>) {
      static_assert(
          A::recipe.tokens >= 2,
          "recipe.tokens leaves no room for a prompt's start and end: set it to 2 or more");
      if constexpr (requires { Text::settings.positions; })
        static_assert(A::recipe.tokens <= Text::settings.positions,
                      "recipe.tokens is beyond Text's positions: set it to at most "
                      "Text::settings.positions");
    }
    if constexpr (detail::is_fusion<Fusion> && detail::is_decoder<Decoder>) {
      constexpr Taps reads = Decoder::in, writes = Fusion::out;
      static_assert(detail::number<reads.count> == detail::number<writes.count>,
                    "Decoder reads another number of maps than Fusion writes: set Decoder's .in = "
                    "Fusion::out");
      static_assert(reads.layout == writes.layout && reads.class_tokens == writes.class_tokens,
                    "Decoder reads another layout than Fusion writes (tokens or maps): set "
                    "Decoder's .in = Fusion::out, or choose a decoder for that layout");
      static_assert(detail::number<reads.width[0]> == detail::number<writes.width[0]>,
                    "Decoder reads maps of another width than Fusion writes: set Decoder's .in = "
                    "Fusion::out");
      static_assert(reads.width[0] != writes.width[0] ||
                        detail::agree(reads.width, writes.width, reads, writes),
                    "Decoder reads deeper maps of another width than Fusion writes: set Decoder's "
                    ".in = Fusion::out");
      static_assert(reads.stride[0] == writes.stride[0] &&
                        detail::agree(reads.stride, writes.stride, reads, writes),
                    "Decoder reads maps of another stride than Fusion writes: set Decoder's .in = "
                    "Fusion::out");
    }
    // A decoder or a head may read the text, too.
    if constexpr (detail::is_text_tower<Text> && requires { Decoder::text; })
      static_assert(
          Decoder::text == Text::out,
          "Decoder reads other words or sentences than Text writes: set Decoder's .text = "
          "Text::out");
    if constexpr (detail::is_text_tower<Text> && requires { Head::text; })
      static_assert(Head::text == Text::out,
                    "Head reads other words or sentences than Text writes: set Head's .text = "
                    "Text::out");
    if constexpr (detail::is_decoder<Decoder> && detail::is_head<Head>) {
      static_assert(detail::number<Head::in.count> == detail::number<Decoder::out.count>,
                    "Head reads another number of maps than Decoder writes: set Head's .in = "
                    "Decoder::out, or choose a decoder that writes one map");
      static_assert(Head::in.layout == Decoder::out.layout &&
                        Head::in.class_tokens == Decoder::out.class_tokens,
                    "Head reads another layout than Decoder writes (tokens or maps): choose a "
                    "decoder that writes a map");
      static_assert(
          detail::number<Head::in.width[0]> == detail::number<Decoder::out.width[0]>,
          "Head reads a map of another width than Decoder writes: set Head's .in = Decoder::out");
      static_assert(detail::number<Head::scale> == detail::number<Decoder::out.stride[0]>,
                    "Head enlarges by another factor than Vision and Decoder shrink: choose a head "
                    "for Decoder's stride");
    }
  }
  return true;
}

/// Parameters of all slots, from the configurations alone.
template <Architecture A>
consteval long long parameter_count() {
  return A::Vision::parameter_count() + A::Text::parameter_count() + A::Fusion::parameter_count() +
         A::Decoder::parameter_count() + A::Head::parameter_count();
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
