// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cuda/block.cuh"
#include "vlsm/kernels/cuda/floats.cuh"
#include "vlsm/kernels/segmentation_loss/launch.hpp"

// What the loss's forward and backward share: a block's pixels, and their probabilities.
namespace vlsm::kernels::dice {

inline constexpr int threads = 256;

/// What the pixel terms need of exponentials; the same formulas as VectorMath in
/// kernels/segmentation_loss/cpu.hpp.
struct DeviceMath {
  VLSM_EVERYWHERE static void exp2(float& x) { x = exp2f(x); }

  /// log(1 + e) = 2 atanh(z) with z = e / (2 + e), interpolated in z^2 (relative error 4e-9). What
  /// is below 2^-126 counts as zero.
  VLSM_EVERYWHERE static void probability(float x, Probability<float>& s) {
    s.size = fabsf(x);
    float const e = exp2_approx(s.size * -1.44269504089f);
    float const likely = reciprocal_approx(1.0f + e), unlikely = e * likely;
    float const z = e * reciprocal_approx(2.0f + e), w = z * z;
    float series = fmaf(w, 0.281577783631f, 0.279651577452f);
    series = fmaf(series, w, 0.400245952307f);
    series = fmaf(series, w, 0.666663216414f);
    s.rest = fmaf(series, w, 2.00000000768f) * z;
    s.yes = x < 0.0f ? unlikely : likely;
    s.no = x < 0.0f ? likely : unlikely;
  }
};

/// How a thread reads pixels side by side: logits by 16 bytes, and their targets by up to 16.
template <class X, class Y>
struct Loads {
  static constexpr int unit = 16 / static_cast<int>(sizeof(X));
  static constexpr int targets = unit * static_cast<int>(sizeof(Y)) > 16 ? 4 : unit;
  /// Whether arrays with planes of so many pixels may be read like that.
  static bool allow(X const* logits, Y const* target, std::ptrdiff_t pixels) {
    return aligned(16, logits, pixels) &&
           aligned(targets * static_cast<int>(sizeof(Y)), target, pixels);
  }
};

/// `count` neighboring targets, as floats.
template <class Y, int count>
struct Targets {
  Vector<Y, count> values;
  __device__ static Targets load(Y const* from) { return {load_vector<count>(from)}; }
  __device__ float at(int i) const { return values[i]; }
};
/// Bytes are put into the last places of 2^23, which takes fewer steps than a conversion.
template <int count>
struct Targets<std::uint8_t, count> {
  Vector<std::uint32_t, count / 4> fours;
  __device__ static Targets load(std::uint8_t const* from) {
    return {load_vector<count / 4>(reinterpret_cast<std::uint32_t const*>(from))};
  }
  __device__ float at(int i) const {
#ifdef __CUDA_ARCH__
    return from_bits(__byte_perm(fours[i / 4], 0x4b000000u, 0x7440u | (i % 4))) - 8388608.0f;
#else
    return static_cast<float>(fours[i / 4] >> (8 * (i % 4)) & 0xffu);
#endif
  }
};

/// The block's part of a plane.
struct Part {
  std::ptrdiff_t plane, begin;
  int count;

  __device__ explicit Part(DiceSizes const& size) {
    // Blocks have numbers of 32 bits, which a GPU divides in a fraction of the time.
    auto const each = static_cast<unsigned>(dice_shares(size));
    std::ptrdiff_t const share = std::ptrdiff_t{1} << dice_share_bits(size);
    plane = blockIdx.x / each;
    std::ptrdiff_t const first = blockIdx.x % each * share;
    begin = plane * size.pixels + first;
    std::ptrdiff_t const rest = size.pixels - first;
    count = static_cast<int>(rest < share ? rest : share);
  }
};

}  // namespace vlsm::kernels::dice
