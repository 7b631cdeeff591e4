// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/add_norm/row.cuh"

namespace vlsm::kernels::add_norm {

/// Two passes over the registers: the variance is that of the deviations from the mean.
template <class X, class R, class W, class Layout>
__global__ void __launch_bounds__(Layout::threads, Layout::pieces > 4    ? 4
                                                   : Layout::pieces == 4 ? 2
                                                                         : 3)
    add_norm_forward(AddNormForward const a, bool const wide) {
  using Z = SumType<X, R>;
  constexpr int pieces = Layout::pieces;
  Row<Layout> const at(a.shape, wide);
  if (at.first_together() >= a.shape.rows) return;
  // Drawn before the row takes the registers.
  bool const drops = a.dropout.mask.threshold > 0;
  std::uint64_t const kept = drops ? at.kept_by(a.dropout.mask) : 0;
  Four<X> x[pieces];
  Four<R> residuals[pieces];
  at.fetch_row(a.x, x);
  at.fetch_row(a.residual, residuals);
  float z[pieces][step];
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) convert(x[k], z[k]);
  if (drops) {
    VLSM_UNROLL
    for (int k = 0; k < pieces; ++k) at.drop(kept, a.dropout.scale, k, z[k]);
  }
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    float residual[step];
    convert(residuals[k], residual);
    // Rounded as it is stored: the backward, and whoever reads z, see what was normalized.
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) z[k][i] = to_float(from_float<Z>(z[k][i] + residual[i]));
  }
  // Under way while the row is added up.
  Four<W> weights[pieces], biases[pieces];
  at.fetch_vector(a.weight, weights);
  at.fetch_vector(a.bias, biases);
  float sum = 0, none = 0;
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) sum += (z[k][0] + z[k][1]) + (z[k][2] + z[k][3]);
  at.add_up(sum, none, 0, 0);
  float const width = static_cast<float>(at.width), mean = sum / width;
  float squares = 0;
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) {
      float const deviation = i < at.count_of(k) ? z[k][i] - mean : 0.0f;
      squares = fmaf(deviation, deviation, squares);
    }
  }
  at.add_up(squares, none, 1, 0);
  float const inverse = 1.0f / sqrtf(squares / width + a.epsilon);
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    float weight[step], bias[step], y[step];
    convert(weights[k], weight);
    convert(biases[k], bias);
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) y[i] = fmaf((z[k][i] - mean) * inverse, weight[i], bias[i]);
    if (a.z != nullptr) at.template put<Z>(a.z, k, z[k]);
    at.template put<Z>(a.y, k, y);
  }
  if (at.lane > 0 || a.mean == nullptr || !at.there) return;
  a.mean[at.row] = mean;
  a.inverse_deviation[at.row] = inverse;
}

}  // namespace vlsm::kernels::add_norm
