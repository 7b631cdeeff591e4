// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "vlsm/compose/slots.hpp"

namespace vlsm {

namespace detail {

/// A number that shows in the error: g++ prints "(64 == 128)", clang "number<64> == number<128>".
template <int value>
inline constexpr int number = value;

// As constants, because g++ explains a concept that fails over ten lines more.
template <class A>
inline constexpr bool is_architecture = Architecture<A>;
template <class B>
inline constexpr bool is_vision_tower = VisionTower<B>;
template <class B>
inline constexpr bool sees_maps = false;
template <VisionTower B>
inline constexpr bool sees_maps<B> = has_maps(B::out);
template <class B>
inline constexpr bool is_text_tower = TextTower<B>;
template <class B>
inline constexpr bool is_fusion = FusionBlock<B>;
template <class B>
inline constexpr bool is_decoder = DecoderBlock<B>;
template <class B>
inline constexpr bool is_head = HeadBlock<B>;

/// A block and what it meets as fits<A>() looks at them: where `look` is false, three that fit.
template <class B, class Before, class Tower, bool look>
struct Seam {
  using Block = B;
  using Text = Tower;
  static constexpr Wrong wrong = detail::wrong<B, Before, Text>();
  static constexpr FeatureSpec reads = maps_read_by<B>(), writes = Before::out;
  static constexpr TextSpec hears = text_read_by<B, Text>(), says = Text::out;
  static constexpr Needs needs = needs_of<B>();
};
template <class B, class Before, class Tower>
struct Seam<B, Before, Tower, false> : Seam<Misfit, Misfit, MisfitText, true> {};

template <class Vision, class Tower, bool look>
struct Towers {
  using Block = Vision;
  using Text = Tower;
};
template <class Vision, class Tower>
struct Towers<Vision, Tower, false> : Towers<Misfit, MisfitText, true> {};

/// The block of a slot behind the two of `seam`, which must fit.
template <class B, class Met, bool fit>
struct Next {
  using Block = Misfit;
};
template <class B, class Met>
struct Next<B, Met, true> {
  using Block = follow<B, typename Met::Block, typename Met::Text>;
};

}  // namespace detail

/// Proves at compile time that the slots of `A` fit each other: a static_assert for whatever can be
/// wrong, each message complete in itself (slot, the two members, the remedy). The seams are looked
/// at from Vision to Head, and behind the first that does not fit nothing more is said. Returns
/// true, so it can be asserted.
template <class A>
consteval bool fits() {
  using detail::number, detail::Wrong;
  constexpr bool named = detail::is_architecture<A>;
  static_assert(named,
                "An architecture names Vision, Text, Fusion, Decoder, Head and `static constexpr "
                "Recipe recipe`");
  using Named = std::conditional_t<named, A, detail::Misfits>;

  // Vision and Text
  using Vision = typename Named::Vision;
  using Text = typename Named::Text;
  constexpr bool towers = detail::sees_maps<Vision> && detail::is_text_tower<Text>;
  static_assert(detail::is_vision_tower<Vision>,
                "Vision is no vision tower: it needs `static constexpr FeatureSpec out`, "
                "parameter_count() and flops()");
  static_assert(!detail::is_vision_tower<Vision> || detail::sees_maps<Vision>,
                "Vision writes no map, or one without channels or stride: give its configuration "
                "all sizes");
  static_assert(
      detail::is_text_tower<Text>,
      "Text is no text tower: it needs `static constexpr TextSpec out`, parameter_count() "
      "and flops()");
  using Towers = detail::Towers<Vision, Text, towers>;
  constexpr FeatureSpec seen = Towers::Block::out;
  constexpr TextSpec said = Towers::Text::out;
  static_assert(seen.pooled == 0 || number<seen.pooled> == number<said.sentence>,
                "Vision pools images to another width than Text's sentences have: set Vision's "
                ".pooled = Text::out.sentence (or 0 for no image prompts)");
  static_assert(Named::recipe.image % seen.stride[seen.count - 1] == 0,
                "recipe.image is no multiple of Vision's patch: choose a multiple");
  static_assert(Named::recipe.tokens >= 2,
                "recipe.tokens leaves no room for a prompt's start and end: set it to 2 or more");
  static_assert(detail::has_positions<Named>(),
                "recipe.tokens is beyond Text's positions: set it to at most "
                "Text::settings.positions");

  // Fusion
  constexpr bool towers_fit = towers && detail::towers_fit<Named>();
  using Fusion = typename detail::Next<typename Named::Fusion, Towers, towers_fit>::Block;
  static_assert(
      detail::is_fusion<Fusion>,
      "Fusion is no fusion block: it needs `static constexpr FeatureSpec image, out`, `TextSpec "
      "text`, parameter_count() and flops()");
  using Joint = detail::Seam<Fusion, Vision, Text, towers_fit && detail::is_fusion<Fusion>>;
  {
    constexpr Wrong wrong = Joint::wrong;
    constexpr FeatureSpec reads = Joint::reads, writes = Joint::writes;
    constexpr TextSpec hears = Joint::hears, says = Joint::says;
    static_assert(wrong != Wrong::count || number<reads.count> == number<writes.count>,
                  "Fusion reads another number of taps than Vision writes: let its ports follow, "
                  "or write Vision::out");
    static_assert(wrong != Wrong::layout,
                  "Fusion reads another layout than Vision writes (tokens or maps): let its ports "
                  "follow, or choose a fusion for that layout");
    static_assert(wrong != Wrong::width || number<reads.width[0]> == number<writes.width[0]>,
                  "Fusion reads taps of another width than Vision writes: let its ports follow, or "
                  "write Vision::out");
    static_assert(wrong != Wrong::deeper_width,
                  "Fusion reads deeper taps of another width than Vision writes: let its ports "
                  "follow, or write Vision::out");
    static_assert(wrong != Wrong::stride,
                  "Fusion reads taps of another stride (patch size) than Vision writes: let its "
                  "ports follow, or write Vision::out");
    static_assert(wrong != Wrong::sentence || number<hears.sentence> == number<says.sentence>,
                  "Fusion reads sentences of another width than Text writes: let its ports follow, "
                  "or write Text::out");
    static_assert(wrong != Wrong::words || number<hears.words> == number<says.words>,
                  "Fusion reads words of another width than Text writes: let its ports follow, or "
                  "write Text::out");
    static_assert(wrong != Wrong::needs_taps || number<Joint::needs.taps> == number<writes.count>,
                  "Fusion needs another number of taps than Vision writes: choose a vision tower "
                  "with as many, or another fusion");
    static_assert(wrong != Wrong::needs_alike,
                  "Fusion needs taps of one width and one stride: choose a transformer as Vision, "
                  "or another fusion");
    static_assert(wrong != Wrong::needs_first_stride && wrong != Wrong::needs_least_stride,
                  "Fusion needs taps that begin at another stride than Vision's: choose another "
                  "vision tower, or another fusion");
    static_assert(wrong != Wrong::needs_sentence,
                  "Fusion needs a sentence, Text writes none: choose a text tower that writes one, "
                  "or PassThrough");
    static_assert(wrong != Wrong::needs_words,
                  "Fusion needs words, Text writes none: choose a text tower that writes them, or "
                  "PassThrough");
    static_assert(
        wrong != Wrong::needs_width_of_words || number<writes.width[0]> == number<says.words>,
        "Fusion compares cells and words, which differ in width: choose towers that do not");
    static_assert(wrong != Wrong::needs_divisible,
                  "Fusion's .width is no multiple of its .heads: change one of them");
    static_assert(wrong != Wrong::needs_more_taps,
                  "Fusion needs more taps than Vision writes: choose a vision tower with more, or "
                  "another fusion");
    static_assert(wrong != Wrong::unsized,
                  "Fusion has no size somewhere: give its configuration all of them (.width)");
  }

  // Decoder
  constexpr bool fusion_fits =
      towers_fit && detail::is_fusion<Fusion> && Joint::wrong == Wrong::nothing;
  using Decoder = typename detail::Next<typename Named::Decoder, Joint, fusion_fits>::Block;
  static_assert(detail::is_decoder<Decoder>,
                "Decoder is no decoder: it needs `static constexpr FeatureSpec in, out`, "
                "parameter_count() and flops()");
  using Read = detail::Seam<Decoder, Fusion, Text, fusion_fits && detail::is_decoder<Decoder>>;
  {
    constexpr Wrong wrong = Read::wrong;
    constexpr FeatureSpec reads = Read::reads, writes = Read::writes;
    static_assert(wrong != Wrong::count || number<reads.count> == number<writes.count>,
                  "Decoder reads another number of maps than Fusion writes: let its ports follow, "
                  "or write Fusion::out");
    static_assert(wrong != Wrong::layout,
                  "Decoder reads another layout than Fusion writes (tokens or maps): let its ports "
                  "follow, or choose a decoder for that layout");
    static_assert(wrong != Wrong::width || number<reads.width[0]> == number<writes.width[0]>,
                  "Decoder reads maps of another width than Fusion writes: let its ports follow, "
                  "or write Fusion::out");
    static_assert(wrong != Wrong::deeper_width,
                  "Decoder reads deeper maps of another width than Fusion writes: let its ports "
                  "follow, or write Fusion::out");
    static_assert(wrong != Wrong::stride,
                  "Decoder reads maps of another stride than Fusion writes: let its ports follow, "
                  "or write Fusion::out");
    static_assert(wrong != Wrong::sentence && wrong != Wrong::words,
                  "Decoder reads other words or sentences than Text writes: let its ports follow, "
                  "or write Text::out");
    static_assert(wrong != Wrong::needs_taps || number<Read::needs.taps> == number<writes.count>,
                  "Decoder needs another number of maps than Fusion writes: choose a fusion (or a "
                  "vision tower) that writes as many, or another decoder");
    static_assert(wrong != Wrong::needs_alike,
                  "Decoder needs maps of one width and one stride: choose a transformer as Vision "
                  "and a fusion of one width, or a decoder for pyramids");
    static_assert(wrong != Wrong::needs_first_stride ||
                      number<Read::needs.first_stride> == number<writes.stride[0]>,
                  "Decoder needs a pyramid whose first map has another stride: choose a residual "
                  "network as Vision with its stem as first tap, or another decoder");
    static_assert(wrong != Wrong::needs_sentence,
                  "Decoder needs a sentence, Text writes none: choose a text tower that writes "
                  "one, or another decoder");
    static_assert(wrong != Wrong::needs_words,
                  "Decoder needs words, Text writes none: choose a text tower that writes them, or "
                  "another decoder");
    static_assert(
        wrong != Wrong::needs_width_of_words || number<writes.width[0]> == number<Read::says.words>,
        "Decoder compares cells and words: give Fusion's map the width of Text's words");
    static_assert(wrong != Wrong::needs_divisible,
                  "Decoder's .heads do not divide the width of Fusion's maps: change one of them");
    static_assert(wrong != Wrong::needs_least_stride,
                  "Decoder would enlarge the map beyond the image: choose another decoder");
    static_assert(wrong != Wrong::needs_more_taps,
                  "Decoder needs more maps than Fusion writes: choose a vision tower with more "
                  "taps, or another decoder");
    static_assert(wrong != Wrong::unsized,
                  "Decoder has no size somewhere: give its configuration all of them (.width, "
                  ".ffn, .layers)");
  }

  // Head
  constexpr bool decoder_fits =
      fusion_fits && detail::is_decoder<Decoder> && Read::wrong == Wrong::nothing;
  using Head = typename detail::Next<typename Named::Head, Read, decoder_fits>::Block;
  static_assert(detail::is_head<Head>,
                "Head is no head: it needs `static constexpr FeatureSpec in`, `int scale`, "
                "parameter_count() and flops()");
  using Drawn = detail::Seam<Head, Decoder, Text, decoder_fits && detail::is_head<Head>>;
  {
    constexpr FeatureSpec reads = Drawn::reads, writes = Drawn::writes;
    constexpr bool one = number<writes.count> == 1, map = writes.layout == Layout::map;
    constexpr Wrong wrong = one && map ? Drawn::wrong : Wrong::nothing;
    static_assert(number<writes.count> == 1 && wrong != Wrong::count && wrong != Wrong::needs_taps,
                  "Head reads another number of maps than Decoder writes: choose a decoder that "
                  "writes one map");
    static_assert(!one || (map && wrong != Wrong::layout),
                  "Head reads another layout than Decoder writes (tokens or maps): choose a "
                  "decoder that writes a map");
    static_assert(wrong != Wrong::width || number<reads.width[0]> == number<writes.width[0]>,
                  "Head reads a map of another width than Decoder writes: let its ports follow, or "
                  "write Decoder::out");
    static_assert((wrong != Wrong::stride && wrong != Wrong::scale) ||
                      number<Drawn::Block::scale> == number<writes.stride[0]>,
                  "Head enlarges by another factor than Vision and Decoder shrink: choose a head "
                  "for Decoder's stride");
    static_assert(wrong != Wrong::sentence && wrong != Wrong::words,
                  "Head reads other words or sentences than Text writes: let its ports follow, or "
                  "write Text::out");
    static_assert(wrong != Wrong::needs_sentence,
                  "Head needs a sentence, Text writes none: choose a text tower that writes one, "
                  "or another head");
    static_assert(wrong != Wrong::needs_words && wrong != Wrong::needs_width_of_words,
                  "Head needs words as wide as the map: choose a text tower that writes them, or "
                  "another head");
    static_assert(wrong != Wrong::needs_divisible,
                  "Head halves the channels of Decoder's map, which are odd: choose another width");
    static_assert(wrong != Wrong::needs_least_stride,
                  "Head would enlarge the map beyond the image: choose fewer .steps, or another "
                  "head");
    static_assert(wrong != Wrong::needs_more_taps && wrong != Wrong::needs_alike,
                  "Head needs more maps than Decoder writes: choose another head");
    static_assert(wrong != Wrong::unsized,
                  "Head has no size somewhere: give its configuration all of them");
    static_assert(wrong != Wrong::needs_first_stride,
                  "Head needs a map of another stride than Decoder writes: choose another head");
  }
  return true;
}

/// Parameters of all slots, from the configurations alone.
template <Architecture A>
consteval long long parameter_count() {
  using S = Slots<A>;
  return S::Vision::parameter_count() + S::Text::parameter_count() + S::Fusion::parameter_count() +
         S::Decoder::parameter_count() + S::Head::parameter_count();
}

/// Floating-point operations for one image and one prompt of `tokens` tokens, at the recipe's size.
template <Architecture A>
consteval long long flops(int tokens = A::recipe.tokens) {
  using S = Slots<A>;
  constexpr int side = A::recipe.image;
  Workload const load{side, side, tokens};
  return S::Vision::flops(load) + S::Text::flops(load) + S::Fusion::flops(load) +
         S::Decoder::flops(load) + S::Head::flops(load);
}

}  // namespace vlsm
