// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "vlsm/kernels/cpu/vector.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

// What a product of matrices adds up: 32-bit words, in which lie one float32, two bfloat16 or four
// bytes. All three share their layouts and loops.
namespace vlsm::kernels::cpu {

/// What the factors of a product are rounded to; sums are float32, of bytes exact.
enum class Operand {
  fp32,
  bf16,
  int8,  ///< bytes: the left ones have a sign, the right ones do not
};

/// How many factors a word holds.
constexpr int per_word(Operand operand) {
  return operand == Operand::fp32 ? 1 : operand == Operand::bf16 ? 2 : 4;
}

// clang takes no operand of 64 bytes in a function that is only inlined where there are such.
#if defined(__x86_64__) && !defined(__clang__)
#define VLSM_DOT_UNITS
#endif

/// Whether this machine multiplies and adds pairs of bfloat16, and quads of bytes, in vectors of 64
/// bytes (AVX-512's BF16 and VNNI), and the compiler let us write them down (g++ does).
inline bool has_dot_units() {
#ifdef VLSM_DOT_UNITS
  static bool const found = [] {
    unsigned a = 0, b = 0, c = 0, d = 0, e = 0;
    return best_isa() == Isa::avx512 && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (c & (1u << 11)) && __get_cpuid_count(7, 1, &e, &b, &c, &d) && (e & (1u << 5));
  }();
  return found;
#else
  return false;
#endif
}

/// Whether this CPU multiplies matrices of bfloat16 by units of their own (AMX).
inline bool has_matrix_units() {
#if defined(__x86_64__)
  static bool const found = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & (1u << 22));
  }();
  return found;
#else
  return false;
#endif
}

/// sum += word * right in every lane, where `word` is one word and `right` a vector of them.
/// `unit`: by the instructions that has_dot_units is about.
template <Operand operand, bool unit>
struct Dot;

template <>
struct Dot<Operand::fp32, false> {
  template <int bytes>
  static VLSM_ALWAYS_INLINE void add(typename Lanes<float, bytes>::Vector& sum, float const* word,
                                     typename Lanes<float, bytes>::Vector const& right) {
    sum += *word * right;
  }
};

template <>
struct Dot<Operand::bf16, false> {
  template <int bytes>
  static VLSM_ALWAYS_INLINE void add(typename Lanes<float, bytes>::Vector& sum, float const* word,
                                     typename Lanes<float, bytes>::Vector const& right) {
    using V = typename Lanes<float, bytes>::Vector;
    using I = typename Lanes<float, bytes>::Integers;
    auto const two = __builtin_bit_cast(std::int32_t, *word);
    I const all = reinterpret_cast<I>(right), low = all << 16, high = all & (-1 << 16);
    sum += __builtin_bit_cast(float, two&(-1 << 16)) * reinterpret_cast<V>(high);
    sum += __builtin_bit_cast(float,
                              static_cast<std::int32_t>(static_cast<std::uint32_t>(two) << 16)) *
           reinterpret_cast<V>(low);
  }
};

template <>
struct Dot<Operand::int8, false> {
  template <int bytes>
  static VLSM_ALWAYS_INLINE void add(typename Lanes<float, bytes>::Vector& sum, float const* word,
                                     typename Lanes<float, bytes>::Vector const& right) {
    using V = typename Lanes<float, bytes>::Vector;
    using I = typename Lanes<float, bytes>::Integers;
    auto const* const left = reinterpret_cast<std::int8_t const*>(word);
    I const all = reinterpret_cast<I>(right);
    I sums = reinterpret_cast<I>(sum);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) sums += left[i] * (all >> (8 * i) & 255);
    sum = reinterpret_cast<V>(sums);
  }
};

#ifdef VLSM_DOT_UNITS
// Assembler, since the compiler knows these instructions only inside functions that are compiled
// for them, which what is inlined there is not.
template <Operand operand>
struct Dot<operand, true> {
  template <int bytes>
  static VLSM_ALWAYS_INLINE void add(Lanes<float, 64>::Vector& sum, float const* word,
                                     Lanes<float, 64>::Vector const& right) {
    static_assert(bytes == 64 && operand != Operand::fp32);
    if constexpr (operand == Operand::bf16)
      asm("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(right), "m"(*word));
    else
      asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(right), "m"(*word));
  }
};

namespace detail {
template <class Body>
VLSM_TARGET("avx512f,avx512dq,avx512bw,avx512vl,avx512bf16,avx512vnni,avx2,fma")
void run_avx512_dot(Body const& body) {
  body.template operator()<64>();
}
}  // namespace detail
#endif

/// Runs Body<operand, unit>{arguments...}, by the units where there are any and `isa` allows it.
template <template <Operand, bool> class Body, Operand operand, class... Arguments>
void dispatch_dot(Isa isa, Arguments const&... arguments) {
#ifdef VLSM_DOT_UNITS
  if constexpr (operand != Operand::fp32)
    if (isa == Isa::avx512 && has_dot_units())
      return detail::run_avx512_dot(Body<operand, true>{arguments...});
#endif
  dispatch(Body<operand, false>{arguments...}, isa);
}

}  // namespace vlsm::kernels::cpu
