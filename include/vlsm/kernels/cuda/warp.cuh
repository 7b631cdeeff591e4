// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cuda/device.cuh"

namespace vlsm::kernels {

// All 32 lanes take part in each of these.

inline constexpr unsigned full_warp = 0xffffffffu;

__device__ inline float shuffle_xor(float value, int mask) {
  return __shfl_xor_sync(full_warp, value, mask);
}

__device__ inline float shuffle(float value, int lane) {
  return __shfl_sync(full_warp, value, lane);
}

/// The sum of `width` neighboring lanes (a power of two), in each of them, in a fixed order.
template <int width = 32>
__device__ float warp_sum(float value) {
  VLSM_UNROLL
  for (int mask = width / 2; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
  return value;
}

template <int width = 32>
__device__ float warp_max(float value) {
  VLSM_UNROLL
  for (int mask = width / 2; mask > 0; mask /= 2) value = fmaxf(value, shuffle_xor(value, mask));
  return value;
}

}  // namespace vlsm::kernels
