// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/cpu/isa.hpp"

// Stretches of other element types become floats and are written back. The loops have no branches,
// so that the compiler makes vectors of them.
namespace vlsm::kernels::cpu {

/// `count` floats, copied.
VLSM_ALWAYS_INLINE void to_floats(float* to, float const* from, std::ptrdiff_t count) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

/// `count` bytes as floats, 0 to 255.
VLSM_ALWAYS_INLINE void to_floats(float* to, std::uint8_t const* from, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

/// `count` numbers as floats, exactly.
VLSM_ALWAYS_INLINE void to_floats(float* to, BFloat16 const* from, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i)
    to[i] = std::bit_cast<float>(static_cast<std::uint32_t>(from[i].bits) << 16);
}

/// `count` halves as floats, exactly: subnormals, infinities and NaN, too.
VLSM_ALWAYS_INLINE void to_floats(float* to, Half const* from, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    std::uint32_t const half = from[i].bits, magnitude = half & 0x7fffu;
    // 2^112 moves the exponent from half's bias to float's, subnormals included.
    auto const value =
        std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude << 13) * 0x1p112f);
    std::uint32_t const large = 0x7f800000u | magnitude << 13;  // infinity and NaN
    to[i] = std::bit_cast<float>((magnitude >= 0x7c00u ? large : value) | (half & 0x8000u) << 16);
  }
}

/// `count` floats, copied.
VLSM_ALWAYS_INLINE void from_floats(float* to, float const* from, std::ptrdiff_t count) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

/// `count` floats, rounded to nearest, ties to even.
VLSM_ALWAYS_INLINE void from_floats(BFloat16* to, float const* from, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    auto const bits = std::bit_cast<std::uint32_t>(from[i]);
    std::uint32_t const rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    to[i].bits = static_cast<std::uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : rounded);
  }
}

/// `count` floats, rounded to nearest, ties to even; what is too large for a half is infinite.
VLSM_ALWAYS_INLINE void from_floats(Half* to, float const* from, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    auto const bits = std::bit_cast<std::uint32_t>(from[i]);
    std::uint32_t const magnitude = bits & 0x7fffffffu;
    std::uint32_t const normal = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13;
    // Adding 0.5 brings the last place to where a half of this size has it.
    std::uint32_t const small =
        std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
    std::uint32_t const large = magnitude > 0x7f800000u ? 0x7fffu : 0x7c00u;
    std::uint32_t const finite = magnitude < 0x38800000u ? small : normal;
    std::uint32_t const half = magnitude >= 0x477ff000u ? large : finite;
    to[i].bits = static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000u));
  }
}

}  // namespace vlsm::kernels::cpu
