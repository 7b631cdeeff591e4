// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

#include "vlsm/base/error.hpp"
#include "vlsm/kernels/common/host_device.hpp"

namespace vlsm::kernels {

/// What an array holds, where that is chosen at run time.
enum class Element : std::uint8_t { f32, f16, bf16, u8, boolean };

// CUDA's own 16-bit types are not used: a machine without CUDA compiles this too.

/// IEEE binary16.
struct Half {
  std::uint16_t bits;
};

/// The upper half of a float.
struct BFloat16 {
  std::uint16_t bits;
};

/// The bits of a float, and back.
VLSM_HOST_DEVICE inline std::uint32_t to_bits(float value) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(value);
#else
  return std::bit_cast<std::uint32_t>(value);
#endif
}

/// The float of these bits.
VLSM_HOST_DEVICE inline float from_bits(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}

namespace detail {

// Round to nearest, ties to even: the GPU's conversions, and the same in steps.
VLSM_HOST_DEVICE inline std::uint16_t half_bits(float value) {
#ifdef __CUDA_ARCH__
  std::uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
#else
  std::uint32_t const bits = to_bits(value);
  std::uint32_t const sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7fffu);
  if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {
    // Subnormal: adding 0.5 brings the last place to where a half of this size has it.
    float const shifted = from_bits(magnitude) + 0.5f;
    return static_cast<std::uint16_t>(sign | (to_bits(shifted) - 0x3f000000u));
  }
  std::uint32_t const rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
#endif
}

VLSM_HOST_DEVICE inline float half_value(std::uint16_t half) {
#ifdef __CUDA_ARCH__
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(half));
  return value;
#else
  std::uint32_t const sign = (half & 0x8000u) << 16, magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) return from_bits(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  // 2^112 moves the exponent from float's bias to half's, subnormals included.
  float const value = from_bits(magnitude << 13) * 0x1p112f;
  return from_bits(to_bits(value) | sign);
#endif
}

VLSM_HOST_DEVICE inline std::uint16_t bfloat16_bits(float value) {
#ifdef __CUDA_ARCH__
  std::uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
#else
  std::uint32_t const bits = to_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fffu;
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
#endif
}

}  // namespace detail

/// The value as a float, exactly.
VLSM_HOST_DEVICE inline float to_float(float value) { return value; }
/// The same.
VLSM_HOST_DEVICE inline float to_float(Half value) { return detail::half_value(value.bits); }
/// The same.
VLSM_HOST_DEVICE inline float to_float(BFloat16 value) {
  return from_bits(static_cast<std::uint32_t>(value.bits) << 16);
}

/// The nearest value of T.
template <class T>
VLSM_HOST_DEVICE T from_float(float value) {
  if constexpr (std::is_same_v<T, float>)
    return value;
  else if constexpr (std::is_same_v<T, Half>)
    return {detail::half_bits(value)};
  else
    return {detail::bfloat16_bits(value)};
}

/// Two values in one register, `low` in the lower half: how the tensor cores take 16-bit values.
template <class T>
VLSM_HOST_DEVICE std::uint32_t pack(float low, float high) {
  std::uint32_t result;
#ifdef __CUDA_ARCH__
  if constexpr (std::is_same_v<T, Half>)
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
  else
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
#else
  result = from_float<T>(low).bits | std::uint32_t{from_float<T>(high).bits} << 16;
#endif
  return result;
}

/// The nearest TF32 (10 bits of mantissa), as the bits of a float; ties away from zero.
VLSM_HOST_DEVICE inline std::uint32_t to_tf32(float value) {
#ifdef __CUDA_ARCH__
  std::uint32_t result;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(value));
  return result;
#else
  std::uint32_t const bits = to_bits(value);
  return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & 0xffffe000u;
#endif
}

/// Calls `run.operator()<T>()` with the element type as a type; throws Error for types that are not
/// floating-point.
template <class Run>
void with_floats(Element element, char const* what, char const* where, Run const& run) {
  switch (element) {
    case Element::f32:
      return run.template operator()<float>();
    case Element::f16:
      return run.template operator()<Half>();
    case Element::bf16:
      return run.template operator()<BFloat16>();
    default:
      throw Error(std::string(what) + " that are no floats", where,
                  "give them as float32, float16 or bfloat16");
  }
}

}  // namespace vlsm::kernels
