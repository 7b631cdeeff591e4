// SPDX-License-Identifier: MIT
#pragma once

#ifndef __CUDACC__
#include "emulation/shared.hpp"
#endif
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

/// 2^x by the GPU's one instruction (relative error 2^-22); what is below 2^-126 becomes zero.
VLSM_EVERYWHERE float exp2_approx(float x) {
#ifdef __CUDA_ARCH__
  asm("ex2.approx.ftz.f32 %0, %0;" : "+f"(x));
  return x;
#else
  return exp2f(x);
#endif
}

/// 1 / x by the GPU's one instruction, of an x that is neither tiny nor huge (relative error
/// 2^-23).
VLSM_EVERYWHERE float reciprocal_approx(float x) {
#ifdef __CUDA_ARCH__
  asm("rcp.approx.ftz.f32 %0, %0;" : "+f"(x));
  return x;
#else
  return 1.0f / x;
#endif
}

/// The logarithm to the base 2, by the GPU's one instruction (absolute error 2^-22 near 1).
VLSM_EVERYWHERE float log2_approx(float x) {
#ifdef __CUDA_ARCH__
  asm("lg2.approx.ftz.f32 %0, %0;" : "+f"(x));
  return x;
#else
  return log2f(x);
#endif
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

// Shared<T> is a view of a block's dynamic shared memory: on a GPU a bare pointer, in the
// emulation a view whose every access is checked (bounds, initialized, no race). Kernels use no
// other shared memory.

#ifdef __CUDACC__

namespace vlsm::kernels {

template <class T>
struct Shared {
  T* data;
  __device__ T& operator[](int index) const { return data[index]; }
  /// The view that begins at element `index`.
  __device__ Shared from(int index) const { return {data + index}; }
};

/// `count` elements that begin at byte `first_byte` of the block's shared memory.
template <class T>
__device__ Shared<T> shared_array(int first_byte, int /*count*/) {
  extern __shared__ __align__(16) unsigned char vlsm_shared_bytes[];
  return {reinterpret_cast<T*>(vlsm_shared_bytes + first_byte)};
}

}  // namespace vlsm::kernels

#else

namespace vlsm::kernels {

using emulation::Shared;
using emulation::shared_array;

}  // namespace vlsm::kernels

#endif
