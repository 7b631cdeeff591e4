// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "vlsm/base/workload.hpp"

namespace vlsm {

/// How a feature map lies in memory: `tokens` [B, class_tokens + h*w, C] or `map` [B, C, h, w].
enum class Layout { tokens, map };

inline constexpr int max_taps = 6;

/// What an image block hands on: `count` feature maps, shallowest first.
///
/// A port is a compile-time value. Blocks that meet must have equal ports; `fits<A>()` compares
/// them.
struct FeatureSpec {
  int count = 0;
  Layout layout = Layout::map;
  int class_tokens = 0;                ///< tokens before the first patch (layout `tokens` only)
  std::array<int, max_taps> width{};   ///< channels of each map
  std::array<int, max_taps> stride{};  ///< image pixels per cell of each map
  int pooled = 0;                      ///< width of the image's one embedding; 0: there is none

  /// `count` maps that are alike: the taps of a plain transformer, or a single map.
  static constexpr FeatureSpec alike(int count, int width, int stride, Layout layout,
                                     int class_tokens = 0) {
    FeatureSpec taps{.count = count, .layout = layout, .class_tokens = class_tokens};
    for (int i = 0; i < count; ++i) {
      taps.width[i] = width;
      taps.stride[i] = stride;
    }
    return taps;
  }
  /// The same maps alone.
  constexpr FeatureSpec without_pooled() const {
    FeatureSpec taps = *this;
    taps.pooled = 0;
    return taps;
  }
  constexpr bool operator==(FeatureSpec const&) const = default;
};

/// Whether there are maps, and each has channels and a stride.
constexpr bool has_maps(FeatureSpec const& port) {
  if (port.count < 1 || port.count > max_taps) return false;
  for (int i = 0; i < port.count; ++i)
    if (port.width[i] < 1 || port.stride[i] < 1) return false;
  return true;
}

/// Whether `width` channels can be shared out among so many heads.
constexpr bool divides(int heads, int width) {
  return heads > 0 && width > 0 && width % heads == 0;
}

/// Whether a tower's `count` taps are block numbers, each larger than the one before.
constexpr bool ascend(std::array<int, max_taps> const& taps, int count) {
  int before = -1;
  for (int i = 0; i < count; before = taps[i++])
    if (taps[i] <= before) return false;
  return count <= max_taps;
}

/// What a text tower hands on: one vector a sentence and one a token; a width of 0 means none.
struct TextSpec {
  int sentence = 0;  ///< [B, sentence]
  int words = 0;     ///< [B, L, words]
  constexpr bool operator==(TextSpec const&) const = default;
};

/// What a block asks of the ports that follow for it, beyond their kind; `fits<A>()` says what is
/// not there.
struct Needs {
  int taps = 0;                   ///< how many maps; 0: any number …
  int least_taps = 1;             ///< … from this one on
  bool sentence = false;          ///< a sentence
  bool words = false;             ///< words
  bool alike = false;             ///< maps of one width and one stride
  bool as_wide_as_words = false;  ///< maps of the words' width
  bool sized = true;              ///< whether its configuration gives all sizes
  bool divisible = true;          ///< whether its heads (or halves) divide its width
  int first_stride = 0;           ///< pixels a cell of the first map; 0: any
  int least_stride = 1;           ///< the least that the first map's may be
};

/// How prompts of several lengths become one batch.
struct PadTo {
  long long id = 0;  ///< stands behind each prompt's end
  int length = 0;    ///< tokens a row; 0: those of the longest prompt
};

/// Positions of the map that tap `i` of `port` is for an image of this size.
constexpr long long positions_of(FeatureSpec const& port, int i, Workload load) {
  return 1LL * (load.height / port.stride[i]) * (load.width / port.stride[i]);
}

/// Rows that a tower's or decoder's transformer works on, by what it writes: positions and class
/// tokens, or words.
constexpr long long rows_of(FeatureSpec const& out, Workload load) {
  return positions_of(out, 0, load) + out.class_tokens;
}
/// The same for a text tower: the words of a sentence.
constexpr long long rows_of(TextSpec const& /*out*/, Workload load) { return load.tokens; }

}  // namespace vlsm
