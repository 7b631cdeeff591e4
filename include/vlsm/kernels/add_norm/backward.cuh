// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/add_norm/row.cuh"
#include "vlsm/kernels/cuda/columns.cuh"

namespace vlsm::kernels::add_norm {

/// To workspace [splits, 2, columns] the sums of grad_y (z - mean) / deviation and of grad_y.
template <class T>
__global__ void __launch_bounds__(ColumnSplit::threads)
    add_norm_backward_columns(AddNormBackward const a, bool const wide) {
  ColumnSplit const split(a.shape.columns);
  ColumnThread const at(split, blockIdx.y);
  std::ptrdiff_t const first = std::ptrdiff_t{split.rows_of_block()} * blockIdx.x + at.lane;
  constexpr int pieces = ColumnSplit::rows_of_thread;
  float z[pieces][step] = {}, grad[pieces][step] = {}, mean[pieces] = {}, inverse[pieces] = {};
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    std::ptrdiff_t const row = first + k * split.lanes;
    if (row >= a.shape.rows) continue;
    std::ptrdiff_t const offset = row * split.columns + at.column;
    read(static_cast<T const*>(a.z) + offset, at.count, wide, z[k]);
    read(static_cast<T const*>(a.grad_y) + offset, at.count, wide, grad[k]);
    mean[k] = a.mean[row];
    inverse[k] = a.inverse_deviation[row];
  }
  float sums[2 * step] = {};
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) {
      sums[i] = fmaf(grad[k][i], (z[k][i] - mean[k]) * inverse[k], sums[i]);
      sums[step + i] += grad[k][i];
    }
  }
  add_lanes(split, sums);
  if (at.lane > 0) return;
  float* const to = a.workspace + std::ptrdiff_t{2} * split.columns * blockIdx.x + at.column;
  VLSM_UNROLL
  for (int i = 0; i < step; ++i) {
    if (i >= at.count) continue;
    to[i] = sums[i];
    to[split.columns + i] = sums[step + i];
  }
}

/// grad_residual = (g - mean(g) - n mean(g n)) / deviation + grad_z, with g = weight grad_y and n
/// the normalized row; grad_x is what dropout leaves of it.
template <class T, int pieces>
__global__ void __launch_bounds__(threads)
    add_norm_backward_rows(AddNormBackward const a, bool const wide) {
  Row<pieces> const at(a.shape, wide);
  if (at.row >= a.shape.rows) return;
  // Drawn before the row takes the registers.
  bool const drops = a.dropout.mask.threshold > 0;
  std::uint64_t const kept = drops ? at.kept_by(a.dropout.mask) : 0;
  float const mean = a.mean[at.row], inverse = a.inverse_deviation[at.row];
  float n[pieces][step] = {}, g[pieces][step] = {};
  float sum = 0, product = 0;
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    float weight[step] = {};
    at.template get<T>(a.z, at.row, k, n[k]);
    at.template get<T>(a.grad_y, at.row, k, g[k]);
    at.template get<T>(a.weight, 0, k, weight);
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) {
      n[k][i] = (n[k][i] - mean) * inverse;
      g[k][i] *= weight[i];
      sum += g[k][i];  // zero beyond the last column
      product = fmaf(g[k][i], n[k][i], product);
    }
  }
  float const width = static_cast<float>(at.width);
  float const by_mean = warp_sum(sum) / width, by_deviation = warp_sum(product) / width;
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    float grad_z[step] = {};
    if (a.grad_z != nullptr) at.template get<T>(a.grad_z, at.row, k, grad_z);
    VLSM_UNROLL
    for (int i = 0; i < step; ++i)
      grad_z[i] = fmaf(fmaf(-n[k][i], by_deviation, g[k][i] - by_mean), inverse, grad_z[i]);
    if (a.grad_residual != nullptr) at.template put<T>(a.grad_residual, k, grad_z);
    if (drops) at.drop(kept, a.dropout.scale, k, grad_z);
    at.template put<T>(a.grad_x, k, grad_z);
  }
}

}  // namespace vlsm::kernels::add_norm
