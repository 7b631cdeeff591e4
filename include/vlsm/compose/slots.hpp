// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <type_traits>

#include "vlsm/compose/concepts.hpp"

// Ports follow: a block of a slot is named by what is its own, and what it reads is what the slots
// before it write. `Film<FilmConfig{.width = 64}>` is such an open block; the one that is built is
// its `At<Vision::out, Text::out>`.
namespace vlsm {

namespace detail {

/// Whether a block's ports are still open. One whose ports were written is taken as it is, and so
/// is a class that derives from an open block: the `At` that it inherits is not its own.
template <class B>
constexpr bool is_open() {
  if constexpr (requires { typename B::template At<FeatureSpec{}, TextSpec{}>; })
    return std::is_same_v<typename B::template At<FeatureSpec{}, TextSpec{}>, B>;
  else
    return false;
}

/// Stands in all slots of an architecture that does not fit, and meets every concept, so that the
/// compiler reports the first misfit and nothing that follows from it.
struct Misfit {
  static constexpr FeatureSpec image = FeatureSpec::alike(1, 1, 1, Layout::map), in = image,
                               out = image;
  static constexpr TextSpec text{};
  static constexpr int scale = 1;
  static constexpr long long parameter_count() { return 0; }
  static constexpr long long flops(Workload) { return 0; }
};
struct MisfitText : Misfit {
  static constexpr TextSpec out{};
};
struct Misfits {
  using Vision = Misfit;
  using Text = MisfitText;
  using Fusion = Misfit;
  using Decoder = Misfit;
  using Head = Misfit;
  static constexpr Recipe recipe{.image = 1, .normalize = {}};
};

template <class B, class Before, class Text, bool open = is_open<B>()>
struct Follow {
  using Block = B;
};
template <class B, class Before, class Text>
struct Follow<B, Before, Text, true> {
  using Block = typename B::template At<Before::out, Text::out>;
};

/// The block that stands in a slot: `B`, or what it is behind `Before` and beside `Text`. (With the
/// ports themselves as arguments g++ 12 crashes.)
template <class B, class Before, class Text>
using follow = typename Follow<B, Before, Text>::Block;

/// The five blocks of an architecture, whether they fit or not.
template <class A>
struct Blocks {
  using Vision = typename A::Vision;
  using Text = typename A::Text;
  using Fusion = follow<typename A::Fusion, Vision, Text>;
  using Decoder = follow<typename A::Decoder, Fusion, Text>;
  using Head = follow<typename A::Head, Decoder, Text>;
};

/// What can be wrong where a block meets those before it.
enum class Wrong {
  nothing,
  count,
  layout,
  width,
  deeper_width,
  stride,
  sentence,
  words,
  needs_taps,
  needs_more_taps,
  needs_alike,
  needs_first_stride,
  needs_sentence,
  needs_words,
  needs_width_of_words,
  needs_divisible,
  needs_least_stride,
  scale,
  unsized
};

/// Whether two ports agree in a member from tap `first` on.
constexpr bool agree(std::array<int, max_taps> const& a, std::array<int, max_taps> const& b,
                     int count, int first = 0) {
  for (int i = first; i < count; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

/// The first difference between what a block reads and what the one before it writes.
constexpr Wrong difference(FeatureSpec const& reads, FeatureSpec const& writes) {
  if (reads.count != writes.count) return Wrong::count;
  if (reads.layout != writes.layout || reads.class_tokens != writes.class_tokens)
    return Wrong::layout;
  if (reads.width[0] != writes.width[0]) return Wrong::width;
  if (!agree(reads.width, writes.width, reads.count)) return Wrong::deeper_width;
  return agree(reads.stride, writes.stride, reads.count) ? Wrong::nothing : Wrong::stride;
}
constexpr Wrong difference(TextSpec const& reads, TextSpec const& writes) {
  if (reads.sentence != writes.sentence) return Wrong::sentence;
  return reads.words == writes.words ? Wrong::nothing : Wrong::words;
}

/// The first thing that a block needs and its ports do not have.
constexpr Wrong lacking(Needs const& needs, FeatureSpec const& maps, TextSpec const& text) {
  FeatureSpec const alike =
      FeatureSpec::alike(maps.count, maps.width[0], maps.stride[0], maps.layout, maps.class_tokens);
  if (needs.taps != 0 && needs.taps != maps.count) return Wrong::needs_taps;
  if (!needs.sized) return Wrong::unsized;
  if (needs.least_taps > maps.count) return Wrong::needs_more_taps;
  if (needs.alike && difference(maps, alike) != Wrong::nothing) return Wrong::needs_alike;
  if (needs.first_stride != 0 && needs.first_stride != maps.stride[0])
    return Wrong::needs_first_stride;
  if (needs.sentence && text.sentence == 0) return Wrong::needs_sentence;
  if ((needs.words || needs.as_wide_as_words) && text.words == 0) return Wrong::needs_words;
  if (needs.as_wide_as_words && maps.width[0] != text.words) return Wrong::needs_width_of_words;
  if (!needs.divisible) return Wrong::needs_divisible;
  return needs.least_stride > maps.stride[0] ? Wrong::needs_least_stride : Wrong::nothing;
}

template <class B>
constexpr FeatureSpec maps_read_by() {
  if constexpr (requires { B::image.count; })
    return B::image;
  else
    return B::in;
}
/// A decoder and a head need not read the text.
template <class B, class Text>
constexpr TextSpec text_read_by() {
  if constexpr (requires { B::text; }) return B::text;
  return Text::out;
}
template <class B>
constexpr Needs needs_of() {
  if constexpr (requires { B::needs; }) return B::needs;
  return {};
}

/// What is wrong where `B` stands behind `Before` and beside `Text`.
template <class B, class Before, class Text>
constexpr Wrong wrong() {
  constexpr Wrong maps = difference(maps_read_by<B>(), Before::out),
                  text = difference(text_read_by<B, Text>(), Text::out);
  if (maps != Wrong::nothing) return maps;
  if (text != Wrong::nothing) return text;
  if (Wrong const lacks = lacking(needs_of<B>(), maps_read_by<B>(), Text::out);
      lacks != Wrong::nothing)
    return lacks;
  if constexpr (requires { B::scale; })
    if (B::scale != Before::out.stride[0]) return Wrong::scale;
  if constexpr (
      requires { B::out.count; } && !requires { B::scale; })
    if (!has_maps(B::out)) return Wrong::unsized;
  return Wrong::nothing;
}

/// Whether prompts of the recipe's length have a place in the tower's position table.
template <class A>
constexpr bool has_positions() {
  if constexpr (requires { A::Text::settings.positions; })
    return A::recipe.tokens <= A::Text::settings.positions;
  return true;
}

/// Whether the towers fit each other and the recipe.
template <class A>
constexpr bool towers_fit() {
  if constexpr (VisionTower<typename A::Vision> && TextTower<typename A::Text>) {
    constexpr FeatureSpec seen = A::Vision::out;
    return has_maps(seen) && (seen.pooled == 0 || seen.pooled == A::Text::out.sentence) &&
           A::recipe.image % seen.stride[seen.count - 1] == 0 && A::recipe.tokens >= 2 &&
           has_positions<A>();
  }
  return false;
}

template <class Fusion, class Vision, class Text>
constexpr bool fusion_fits() {
  if constexpr (FusionBlock<Fusion>) return wrong<Fusion, Vision, Text>() == Wrong::nothing;
  return false;
}
template <class Decoder, class Fusion, class Text>
constexpr bool decoder_fits() {
  if constexpr (DecoderBlock<Decoder>) return wrong<Decoder, Fusion, Text>() == Wrong::nothing;
  return false;
}
template <class Head, class Decoder, class Text>
constexpr bool head_fits() {
  if constexpr (HeadBlock<Head>)
    return Decoder::out.count == 1 && Decoder::out.layout == Layout::map &&
           wrong<Head, Decoder, Text>() == Wrong::nothing;
  return false;
}

/// Whether all seams fit, without a word; fits<A>() says which does not.
template <class A>
constexpr bool all_fit() {
  if constexpr (Architecture<A>) {
    if constexpr (towers_fit<A>()) {
      using Text = typename A::Text;
      using Fusion = follow<typename A::Fusion, typename A::Vision, Text>;
      if constexpr (fusion_fits<Fusion, typename A::Vision, Text>()) {
        using Decoder = follow<typename A::Decoder, Fusion, Text>;
        if constexpr (decoder_fits<Decoder, Fusion, Text>())
          return head_fits<follow<typename A::Head, Decoder, Text>, Decoder, Text>();
      }
    }
  }
  return false;
}

template <class A, bool fit = all_fit<A>()>
struct Built {
  using Slots = Blocks<A>;
};
template <class A>
struct Built<A, false> {
  using Slots = Misfits;
};

}  // namespace detail

/// The blocks that `A` builds, `Slots<A>::Fusion` and so on: its own, with the ports that follow.
template <class A>
using Slots = typename detail::Built<A>::Slots;

}  // namespace vlsm
