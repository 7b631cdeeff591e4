// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/device/copy.cuh"
#include "vlsm/kernels/device/types.cuh"
#include "vlsm/kernels/device/warp.cuh"
#include "vlsm/kernels/dice.hpp"

// What the loss's forward and backward share: pixels in and out by fours, and their probabilities.
namespace vlsm::kernels::dice {

inline constexpr int threads = 256, step = 4;

/// What the pixel terms need of exponentials; the same formulas as cpu/probability.hpp.
struct DeviceMath {
  VLSM_EVERYWHERE static void exp2(float& x) { x = exp2f(x); }

  VLSM_EVERYWHERE static void probability(float x, Probability<float>& s) {
    s.size = fabsf(x);
    float const e = exp2f(s.size * -1.44269504089f);
    float const likely = 1.0f / (1.0f + e), unlikely = e * likely;
    s.rest = log1pf(e);
    s.yes = x < 0.0f ? unlikely : likely;
    s.no = x < 0.0f ? likely : unlikely;
  }
};

VLSM_HOST_DEVICE inline float to_float(std::uint8_t value) { return static_cast<float>(value); }
using kernels::to_float;

/// The block's part of a plane.
struct Part {
  std::ptrdiff_t plane, begin;
  int count;

  __device__ explicit Part(DiceSizes const& size) {
    std::ptrdiff_t const each = (size.pixels + dice_device_chunk - 1) / dice_device_chunk;
    plane = blockIdx.x / each;
    std::ptrdiff_t const first = blockIdx.x % each * dice_device_chunk;
    begin = plane * size.pixels + first;
    std::ptrdiff_t const rest = size.pixels - first;
    count = static_cast<int>(rest < dice_device_chunk ? rest : dice_device_chunk);
  }
};

/// Up to four neighbours; `wide`: addresses are multiples of four elements.
template <class T>
__device__ void read(T const* from, int count, bool wide, float (&to)[step]) {
  if (wide && count == step) {
    Vector<T, step> const four = load_vector<step>(from);
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) to[i] = to_float(four[i]);
  } else {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i)
      if (i < count) to[i] = to_float(from[i]);
  }
}

template <class T>
__device__ void write(T* to, int count, bool wide, float const (&from)[step]) {
  if (wide && count == step) {
    Vector<T, step> four;
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) four[i] = from_float<T>(from[i]);
    store_vector(to, four);
  } else {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i)
      if (i < count) to[i] = from_float<T>(from[i]);
  }
}

}  // namespace vlsm::kernels::dice
