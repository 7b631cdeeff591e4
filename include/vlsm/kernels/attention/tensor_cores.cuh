// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/attention/rows.cuh"
#include "vlsm/kernels/cuda/mma.cuh"

namespace vlsm::kernels::attention {

/// What both tensor-core engines share: the layout of mma's results.
template <class T, int D, int C>
struct TensorCoreLayout {
  using Value = T;
  static constexpr int width = D, own = 2, rows = 16, chunk = C, stride = shared_stride<T, D>;
  using Scores = float[C / 8][4];
  using Sums = float[D / 8][4];

  static constexpr bool exact = false;
  // Powers of two are what the GPU computes; log2(e) goes into the scale.
  static constexpr float unit = 1.44269504088896340736f, natural = 0.69314718055994530942f;
  /// Raw scores are compared, and scaled by the multiply-add that subtracts the greatest.
  __device__ static float steepness(float scale) { return fmaxf(fabsf(scale * unit), 0x1p-126f); }
  __device__ static float raised(float score, float scale) { return scale < 0.0f ? -score : score; }
  __device__ static float exponential(float score, float steepness, float greatest) {
    return exp2_approx(fmaf(score, steepness, -greatest));
  }
  __device__ static float quotient(float a, float b) { return a * reciprocal_approx(b); }
  __device__ static float logarithm(float x) { return log2_approx(x) * natural; }
  __device__ static float probability(float score, float scale, float lse) {
    return exp2_approx(fmaf(score, scale * unit, -lse));
  }

  __device__ static int column(int f, int t) { return f / 2 * 8 + 2 * t + f % 2; }
  __device__ static int out_column(int f, int t) { return column(f, t); }
};

/// Half or BFloat16 through mma.m16n8k16; 16 rows of the right matrix at a time.
template <class T, int D, int C>
struct Mma16 : TensorCoreLayout<T, D, C> {
  using Base = TensorCoreLayout<T, D, C>;
  using Base::stride;

  __device__ static void product(typename Base::Scores& s, Shared<T> a, Shared<T> b, int count,
                                 Place const& place) {
    int const left_at = place.lane % 16 * stride + place.lane / 16 * 8;
    int const right_at = (place.lane / 16 * 8 + place.lane % 8) * stride + place.lane / 8 % 2 * 8;
    VLSM_UNROLL
    for (int d = 0; d < D; d += 16) {
      std::uint32_t left[4];
      load_matrices(left, a, left_at + d);
      VLSM_UNROLL
      for (int j = 0; j < C / 8; j += 2) {
        if (8 * j >= count) continue;
        std::uint32_t right[4];
        load_matrices(right, b, right_at + 8 * j * stride + d);
        mma_m16n8k16<T>(s[j], left, {right[0], right[1]});
        mma_m16n8k16<T>(s[j + 1], left, {right[2], right[3]});
      }
    }
  }

  /// The scores lie in the lanes as mma wants its left matrix.
  __device__ static void accumulate(typename Base::Sums& o, typename Base::Scores const& p,
                                    Shared<T> b, int count, Place const& place) {
    int const right_at = place.lane % 16 * stride + place.lane / 16 * 8;
    VLSM_UNROLL
    for (int j = 0; j < C / 8; j += 2) {
      if (8 * j >= count) continue;
      std::uint32_t const left[4] = {pack<T>(p[j][0], p[j][1]), pack<T>(p[j][2], p[j][3]),
                                     pack<T>(p[j + 1][0], p[j + 1][1]),
                                     pack<T>(p[j + 1][2], p[j + 1][3])};
      VLSM_UNROLL
      for (int n = 0; n < D / 8; n += 2) {
        std::uint32_t right[4];
        load_matrices_transposed(right, b, right_at + 8 * j * stride + 8 * n);
        mma_m16n8k16<T>(o[n], left, {right[0], right[1]});
        mma_m16n8k16<T>(o[n + 1], left, {right[2], right[3]});
      }
    }
  }

  /// d [16, 16] += a^T b for the first `count` (a multiple of 16) rows of a and b. The rows of a
  /// are `a_stride` elements apart; elements beyond a row keep ldmatrix from meeting a bank twice.
  static constexpr int scores_pad = 8;
  __device__ static void multiply_transposed(float (&d)[2][4], Shared<T> a, int a_stride,
                                             Shared<T> b, int count, Place const& place) {
    int const left_at = (place.lane / 16 * 8 + place.lane % 8) * a_stride + place.lane / 8 % 2 * 8;
    int const right_at = place.lane % 16 * stride + place.lane / 16 * 8;
    for (int k = 0; k < count; k += 16) {
      std::uint32_t left[4], right[4];
      load_matrices_transposed(left, a, left_at + k * a_stride);
      load_matrices_transposed(right, b, right_at + k * stride);
      mma_m16n8k16<T>(d[0], left, {right[0], right[1]});
      mma_m16n8k16<T>(d[1], left, {right[2], right[3]});
    }
  }
};

/// float rounded to TF32 through mma.m16n8k8; 8 rows of the right matrix at a time.
template <int D, int C>
struct MmaTf32 : TensorCoreLayout<float, D, C> {
  using Base = TensorCoreLayout<float, D, C>;
  using Base::stride;

  __device__ static std::uint32_t element(Shared<float> from, int index) {
    return to_tf32(from[index]);
  }

  __device__ static void product(typename Base::Scores& s, Shared<float> a, Shared<float> b,
                                 int count, Place const& place) {
    int const at = place.g * stride + place.t;
    VLSM_UNROLL
    for (int d = 0; d < D; d += 8) {
      std::uint32_t const left[4] = {element(a, at + d), element(a, at + 8 * stride + d),
                                     element(a, at + d + 4), element(a, at + 8 * stride + d + 4)};
      VLSM_UNROLL
      for (int j = 0; j < C / 8; ++j) {
        if (8 * j >= count) continue;
        int const right_at = at + 8 * j * stride + d;
        mma_m16n8k8(s[j], left, {element(b, right_at), element(b, right_at + 4)});
      }
    }
  }

  /// A lane has the scores of columns 2t and 2t+1 where mma wants t and t+4 of its left matrix: the
  /// order of a sum is free, so the rows of the right matrix are taken in the same order.
  __device__ static void accumulate(typename Base::Sums& o, typename Base::Scores const& p,
                                    Shared<float> b, int count, Place const& place) {
    VLSM_UNROLL
    for (int j = 0; j < C / 8; ++j) {
      if (8 * j >= count) continue;
      std::uint32_t const left[4] = {to_tf32(p[j][0]), to_tf32(p[j][2]), to_tf32(p[j][1]),
                                     to_tf32(p[j][3])};
      int const right_at = (8 * j + 2 * place.t) * stride + place.g;
      VLSM_UNROLL
      for (int n = 0; n < D / 8; ++n)
        mma_m16n8k8(o[n], left,
                    {element(b, right_at + 8 * n), element(b, right_at + stride + 8 * n)});
    }
  }

  static constexpr int scores_pad = 8;
  __device__ static void multiply_transposed(float (&d)[2][4], Shared<float> a, int a_stride,
                                             Shared<float> b, int count, Place const& place) {
    for (int k = 0; k < count; k += 8) {
      int const left_at = (k + place.t) * a_stride + place.g, next = left_at + 4 * a_stride;
      std::uint32_t const left[4] = {element(a, left_at), element(a, left_at + 8), element(a, next),
                                     element(a, next + 8)};
      int const right_at = (k + place.t) * stride + place.g;
      VLSM_UNROLL
      for (int j = 0; j < 2; ++j)
        mma_m16n8k8(d[j], left,
                    {element(b, right_at + 8 * j), element(b, right_at + 4 * stride + 8 * j)});
    }
  }
};

}  // namespace vlsm::kernels::attention
