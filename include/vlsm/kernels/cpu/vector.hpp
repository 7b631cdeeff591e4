// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "vlsm/kernels/cpu/isa.hpp"

namespace vlsm::kernels::cpu {

/// Vectors of `bytes` bytes of T (float or double), as the compiler knows them: operators work
/// lane by lane, and a scalar is repeated.
template <class T, int bytes>
struct Lanes {
  static constexpr int count = bytes / static_cast<int>(sizeof(T));
  using Whole = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  typedef T Vector __attribute__((vector_size(bytes)));
  typedef Whole Integers __attribute__((vector_size(bytes)));
  /// The same in memory, at any address.
  typedef T Memory __attribute__((vector_size(bytes), aligned(alignof(T)), may_alias));
};

/// The vector at `from`.
#define VLSM_AT(from) (*reinterpret_cast<typename Lanes<T, bytes>::Memory const*>(from))
#define VLSM_TO(to) (*reinterpret_cast<typename Lanes<T, bytes>::Memory*>(to))

namespace detail {

/// 2^f for f in [-0.5, 0.5]: interpolated at the Chebyshev points; relative error 2.6e-9 in float's
/// table, 4.3e-18 in double's.
inline constexpr float exp2_float[] = {1.0f,
                                       0.693147206703f,
                                       0.240226509223f,
                                       0.0555032722667f,
                                       0.00961805667852f,
                                       0.00134004281776f,
                                       0.000154614446986f};
inline constexpr double exp2_double[] = {
    0.99999999999999999693,    0.69314718055994530925,     0.24022650695910159567,
    0.055504108664821627039,   0.0096181291075872566681,   0.0013333558146406470697,
    0.00015403530463724354209, 0.000015252733841556772589, 1.3215432535912376166e-6,
    1.0178057087733941105e-7,  7.0741942972885210056e-9,   4.455817908336064493e-10};

}  // namespace detail

/// x becomes 2^x in every lane; what would be below the smallest normal number becomes that. NaN
/// stays NaN; x must not exceed the type's largest exponent.
template <class T, int bytes>
VLSM_ALWAYS_INLINE void exp2_of(typename Lanes<T, bytes>::Vector& x) {
  using V = typename Lanes<T, bytes>::Vector;
  using I = typename Lanes<T, bytes>::Integers;
  constexpr bool single = sizeof(T) == 4;
  constexpr T least = single ? T(-126) : T(-1022);
  // Adding 1.5 * 2^(mantissa bits) leaves the nearest whole number in the lowest bits.
  constexpr T shift = single ? T(12582912) : T(6755399441055744);
  x = x < least ? V{} + least : x;
  V const shifted = x + shift, fraction = x - (shifted - shift);
  constexpr int terms = single ? 7 : 12;
  auto const coefficient = [](int i) VLSM_ALWAYS_INLINE_LAMBDA -> T {
    if constexpr (single)
      return detail::exp2_float[i];
    else
      return detail::exp2_double[i];
  };
  V value = V{} + coefficient(terms - 1);
#pragma GCC unroll 12
  for (int i = terms - 2; i >= 0; --i) value = value * fraction + coefficient(i);
  x = reinterpret_cast<V>(reinterpret_cast<I>(value) +
                          (reinterpret_cast<I>(shifted) << (single ? 23 : 52)));
}

/// Transposes a square of as many vectors as each has lanes: halves are interleaved, log2 times.
template <class T, int bytes>
VLSM_ALWAYS_INLINE void transpose(typename Lanes<T, bytes>::Vector* square) {
  using V = typename Lanes<T, bytes>::Vector;
  constexpr int count = Lanes<T, bytes>::count;
  auto const interleave = [&]<int... i>(std::integer_sequence<int, i...>)
      VLSM_ALWAYS_INLINE_LAMBDA {
    V next[count];
#pragma GCC unroll 16
    for (int row = 0; row < count / 2; ++row) {
      V const low = square[row], high = square[row + count / 2];
      next[2 * row] = __builtin_shufflevector(low, high, (i / 2 + (i % 2) * count)...);
      next[2 * row + 1] =
          __builtin_shufflevector(low, high, (count / 2 + i / 2 + (i % 2) * count)...);
    }
#pragma GCC unroll 16
    for (int row = 0; row < count; ++row) square[row] = next[row];
  };
#pragma GCC unroll 4
  for (int width = 1; width < count; width *= 2)
    interleave(std::make_integer_sequence<int, count>());
}

}  // namespace vlsm::kernels::cpu
