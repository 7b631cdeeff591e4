// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "skeletons/kernel/launch.hpp"
#include "vlsm/kernels/cpu/row.hpp"

// A kernel to copy: the same on a CPU.
namespace vlsm::kernels::cpu {

// [cpu]
/// Numbers that one task takes.
inline constexpr std::ptrdiff_t blend_part = 1024;

constexpr std::ptrdiff_t blend_tasks(Blend const& a) {
  return (a.count + blend_part - 1) / blend_part;
}

/// A task; E: float, Half or BFloat16. `dispatch` compiles it for each instruction set.
template <class E>
struct BlendPart {
  Blend const& a;
  std::ptrdiff_t task;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    std::ptrdiff_t const begin = task * blend_part, count = std::min(blend_part, a.count - begin);
    alignas(64) float buffers[3][blend_part];
    float const* const x = floats_of<bytes>(static_cast<E const*>(a.x) + begin, count, buffers[0]);
    float const* const z = floats_of<bytes>(static_cast<E const*>(a.z) + begin, count, buffers[1]);
    E* const to = static_cast<E*>(a.y) + begin;
    float* const y = target_of<bytes>(to, count, buffers[2]);
    each_vector<bytes>(count, [&](std::ptrdiff_t at, int) VLSM_ALWAYS_INLINE_LAMBDA {
      VLSM_TO(y + at) = VLSM_AT(x + at) + a.weight * VLSM_AT(z + at);
    });
    put(to, count, y);
  }
};
// [cpu]

}  // namespace vlsm::kernels::cpu
