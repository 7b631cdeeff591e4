// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cuda/block.cuh"
#include "vlsm/kernels/cuda/floats.cuh"
#include "vlsm/kernels/segmentation_loss/launch.hpp"

// What the loss's forward and backward share: a block's pixels, and their probabilities.
namespace vlsm::kernels::dice {

inline constexpr int threads = 256;

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

}  // namespace vlsm::kernels::dice
