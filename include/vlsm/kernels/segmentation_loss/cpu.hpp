// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>

#include "vlsm/kernels/cpu/element.hpp"
#include "vlsm/kernels/cpu/vector.hpp"
#include "vlsm/kernels/segmentation_loss/launch.hpp"
#include "vlsm/kernels/segmentation_loss/pixel_term.hpp"

namespace vlsm::kernels::cpu {

/// What the pixel terms need of exponentials, for vectors of `bytes` bytes.
template <int bytes>
struct VectorMath {
  using V = typename Lanes<float, bytes>::Vector;
  using I = typename Lanes<float, bytes>::Integers;

  VLSM_ALWAYS_INLINE static void exp2(V& x) { exp2_of<float, bytes>(x); }

  VLSM_ALWAYS_INLINE static void probability(V const& x, Probability<V>& s) {
    s.size = reinterpret_cast<V>(reinterpret_cast<I>(x) & 0x7fffffff);
    V e = s.size * -1.44269504089f;
    exp2(e);
    // One division gives 1 / (1 + e) and z = e / (2 + e); log(1 + e) = 2 atanh(z), interpolated in
    // z^2 at the Chebyshev points, relative error 4e-9.
    V const both = 1.0f / ((1.0f + e) * (2.0f + e));
    V const likely = (2.0f + e) * both, unlikely = e * likely;
    V const z = e * ((1.0f + e) * both), w = z * z;
    V series = w * 0.281577783631f + 0.279651577452f;
    series = series * w + 0.400245952307f;
    series = series * w + 0.666663216414f;
    s.rest = (series * w + 2.00000000768f) * z;
    s.yes = x < 0.0f ? unlikely : likely;
    s.no = x < 0.0f ? likely : unlikely;
  }
};

namespace detail {

/// The most pixels that are held as floats at once: 16 vectors of 16.
inline constexpr std::ptrdiff_t dice_block = 256;

/// `count` elements as floats: those in memory, or a copy with zeros behind.
template <class T>
VLSM_ALWAYS_INLINE float const* dice_floats(T const* from, std::ptrdiff_t count,
                                            std::ptrdiff_t whole, float* buffer) {
  if constexpr (std::is_same_v<T, float>)
    if (count == whole) return from;
  if (count > dice_block) __builtin_unreachable();  // g++ 12 warns of a copy beyond the buffer
  to_floats(buffer, from, count);
  for (std::ptrdiff_t i = count; i < whole; ++i) buffer[i] = 0;
  return buffer;
}

}  // namespace detail

/// The sums of up to dice_chunk pixels of a plane. X: float, Half or BFloat16; Y: float or
/// std::uint8_t, whose values are taken as they are.
template <class Term, class X, class Y>
struct SumsOfDice {
  Term const& term;
  X const* logits;
  Y const* target;
  std::ptrdiff_t count;
  DiceSums& sums;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    constexpr int lanes = Lanes<float, bytes>::count;
    constexpr std::ptrdiff_t block = 16 * lanes;
    // Floats are added up over 16 vectors only, then go to doubles: more exact than a compensated
    // sum, and cheaper.
    double totals[4][lanes] = {};
    alignas(64) float x_buffer[detail::dice_block], t_buffer[detail::dice_block];
    for (std::ptrdiff_t first = 0; first < count; first += block) {
      std::ptrdiff_t const rest = std::min(block, count - first);
      float const* x = detail::dice_floats(logits + first, rest, block, x_buffer);
      float const* t = detail::dice_floats(target + first, rest, block, t_buffer);
      Run<bytes> run;
      std::ptrdiff_t i = 0;
      for (; i + lanes <= rest; i += lanes) run.template add<false>(term, x + i, t + i, lanes);
      if (i < rest) run.template add<true>(term, x + i, t + i, static_cast<int>(rest - i));
#pragma GCC unroll 4
      for (int s = 0; s < 4; ++s)
        for (int lane = 0; lane < lanes; ++lane) totals[s][lane] += double{run.sums[s][lane]};
    }
    for (int lane = 0; lane < lanes; ++lane)
      sums += {totals[0][lane], totals[1][lane], totals[2][lane], totals[3][lane]};
  }

 private:
  template <int bytes>
  struct Run {
    using V = typename Lanes<float, bytes>::Vector;
    using I = typename Lanes<float, bytes>::Integers;
    V sums[4] = {};

    /// `part`: only the first `used` lanes hold pixels.
    template <bool part>
    VLSM_ALWAYS_INLINE void add(Term const& term, float const* at_x, float const* at_t, int used) {
      using T = float;
      V const x = VLSM_AT(at_x), t = VLSM_AT(at_t);
      Probability<V> s;
      VectorMath<bytes>::probability(x, s);
      V value = V{};
      if constexpr (!Term::none) term.template value<VectorMath<bytes>>(x, s, t, value);
      if constexpr (part) {
        I lane;
        for (int i = 0; i < Lanes<float, bytes>::count; ++i) lane[i] = i;
        s.yes = lane < used ? s.yes : V{};
        value = lane < used ? value : V{};
      }
      sums[0] += s.yes * t;
      sums[1] += s.yes;
      sums[2] += t;
      sums[3] += value;
    }
  };
};

/// The gradient of up to dice_chunk pixels of a plane.
template <class Term, class X, class Y>
struct GradientOfDice {
  Term const& term;
  X const* logits;
  Y const* target;
  X* gradient;
  std::ptrdiff_t count;
  DiceSlopes const& slopes;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using V = typename Lanes<float, bytes>::Vector;
    constexpr int lanes = Lanes<float, bytes>::count;
    constexpr std::ptrdiff_t block = 16 * lanes;
    alignas(64) float x_buffer[detail::dice_block], t_buffer[detail::dice_block],
        g_buffer[detail::dice_block];
    for (std::ptrdiff_t first = 0; first < count; first += block) {
      std::ptrdiff_t const rest = std::min(block, count - first);
      float const* at_x = detail::dice_floats(logits + first, rest, block, x_buffer);
      float const* at_t = detail::dice_floats(target + first, rest, block, t_buffer);
      float* to = g_buffer;
      if constexpr (std::is_same_v<X, float>)
        if (rest == block) to = gradient + first;
      for (std::ptrdiff_t i = 0; i < rest; i += lanes) {
        V const x = VLSM_AT(at_x + i), t = VLSM_AT(at_t + i);
        Probability<V> s;
        VectorMath<bytes>::probability(x, s);
        V sum = (slopes.by_overlap * t + slopes.by_predicted) * (s.yes * s.no);
        if constexpr (!Term::none) {
          V slope;
          term.template slope<VectorMath<bytes>>(x, s, t, slope);
          sum += slopes.by_term * slope;
        }
        VLSM_TO(to + i) = sum;
      }
      if (to == g_buffer) from_floats(gradient + first, g_buffer, rest);
    }
  }
};

/// The first read: the sums of each chunk of logits and masks [planes, pixels]. X and Y are the
/// types of their elements, Term is the loss per pixel (pixel_term.hpp).
template <class Term, class X, class Y>
struct SumsTask : DiceSizes {
  Term term;
  X const* logits;
  Y const* target;
  DiceSums* sums;  ///< [chunks], those of a plane one behind the other

  /// Chunks `first` to `last` - 1.
  void run(std::ptrdiff_t first, std::ptrdiff_t last, Isa isa = best_isa()) const {
    for (std::ptrdiff_t chunk = first; chunk < last; ++chunk) {
      sums[chunk] = {};
      std::ptrdiff_t const at = begin_of(chunk);
      dispatch(SumsOfDice<Term, X, Y>{term, logits + at, target + at, size_of(chunk), sums[chunk]},
               isa);
    }
  }
};

/// The second read: the gradient with respect to the logits [planes, pixels], from the slopes of
/// each plane.
template <class Term, class X, class Y>
struct GradientTask : DiceSizes {
  Term term;
  X const* logits;
  Y const* target;
  X* gradient;
  DiceSlopes const* slopes;  ///< [planes]

  /// Chunks `first` to `last` - 1.
  void run(std::ptrdiff_t first, std::ptrdiff_t last, Isa isa = best_isa()) const {
    for (std::ptrdiff_t chunk = first; chunk < last; ++chunk) {
      std::ptrdiff_t const at = begin_of(chunk);
      dispatch(GradientOfDice<Term, X, Y>{term, logits + at, target + at, gradient + at,
                                          size_of(chunk), slopes[chunk / chunks_of_plane()]},
               isa);
    }
  }
};

}  // namespace vlsm::kernels::cpu
