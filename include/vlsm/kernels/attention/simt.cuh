// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/attention/rows.cuh"

namespace vlsm::kernels::attention {

// An engine multiplies the matrices of a warp. Its fragments: a lane (g, t) has the rows g + 8 r
// for r < own, and of 8 neighboring columns two: x[j][2 r + c] is row r, column(2 j + c, t).

/// float times float, one fused multiply-add at a time.
template <int D, int R, int C>
struct Simt {
  using Value = float;
  static constexpr int width = D, own = R, rows = 8 * R, chunk = C,
                       stride = shared_stride<float, D>;

  // Natural units and the forward's own rounding: a single key has the probability 1, not almost.
  static constexpr bool exact = true;
  static constexpr float unit = 1, natural = 1;
  __device__ static float steepness(float) { return 1.0f; }
  __device__ static float raised(float score, float scale) { return rounded_product(score, scale); }
  __device__ static float exponential(float score, float, float greatest) {
    return expf(score - greatest);
  }
  __device__ static float quotient(float a, float b) { return a / b; }
  __device__ static float logarithm(float x) { return logf(x); }
  __device__ static float probability(float score, float scale, float lse) {
    return expf(rounded_product(score, scale) - lse);
  }

  __device__ static int column(int f, int t) { return f / 2 * 8 + 2 * t + f % 2; }
  /// Four columns of a sum lie together, so that they come from shared memory at once.
  __device__ static int out_column(int f, int t) { return f / 4 * 16 + 4 * t + f % 4; }

  /// s += a b^T for the first `count` rows of b.
  __device__ static void product(float (&s)[C / 8][2 * R], Shared<float> a, Shared<float> b,
                                 int count, Place const& place) {
    VLSM_ROLLED
    for (int d = 0; d < D; d += 4) {
      Vector<float, 4> left[R];
      VLSM_UNROLL
      for (int r = 0; r < R; ++r) left[r] = load_vector<4>(a, (place.g + 8 * r) * stride + d);
      VLSM_UNROLL
      for (int f = 0; f < C / 4; ++f) {
        if (f / 2 * 8 >= count) continue;
        auto const right = load_vector<4>(b, column(f, place.t) * stride + d);
        VLSM_UNROLL
        for (int r = 0; r < R; ++r) {
          VLSM_UNROLL
          for (int i = 0; i < 4; ++i)
            s[f / 2][2 * r + f % 2] = fmaf(left[r][i], right[i], s[f / 2][2 * r + f % 2]);
        }
      }
    }
  }

  /// o += p b for the first `count` rows of b. A row of p is spread over four lanes, which hand
  /// each other what they have.
  __device__ static void accumulate(float (&o)[D / 8][2 * R], float const (&p)[C / 8][2 * R],
                                    Shared<float> b, int count, Place const& place) {
    VLSM_UNROLL
    for (int f = 0; f < C / 4; ++f) {
      if (f / 2 * 8 >= count) continue;
      VLSM_ROLLED
      for (int t = 0; t < 4; ++t) {
        float left[R];
        VLSM_UNROLL
        for (int r = 0; r < R; ++r) left[r] = shuffle(p[f / 2][2 * r + f % 2], 4 * place.g + t);
        VLSM_UNROLL
        for (int i = 0; i < D / 4; i += 4) {
          auto const right = load_vector<4>(b, column(f, t) * stride + out_column(i, place.t));
          VLSM_UNROLL
          for (int r = 0; r < R; ++r) {
            VLSM_UNROLL
            for (int c = 0; c < 4; ++c)
              o[(i + c) / 2][2 * r + c % 2] =
                  fmaf(left[r], right[c], o[(i + c) / 2][2 * r + c % 2]);
          }
        }
      }
    }
  }
};

}  // namespace vlsm::kernels::attention
