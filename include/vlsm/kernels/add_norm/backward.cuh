// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/add_norm/row.cuh"

namespace vlsm::kernels::add_norm {

/// A thread's sums down its columns, over the rows that its team walks through.
template <class Layout>
struct TeamSums {
  static constexpr int pieces = Layout::pieces, row = 2 * Layout::columns;
  /// Bytes of shared memory that the block's sums take.
  static constexpr int bytes = Layout::teams * row * static_cast<int>(sizeof(float));

  float held[pieces][2 * step] = {};

  /// Adds one row's.
  __device__ void add(int piece, float const (&normal)[step], float const (&grad)[step]) {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) {
      held[piece][i] = fmaf(grad[i], normal[i], held[piece][i]);
      held[piece][step + i] += grad[i];
    }
  }
  /// Adds up the block's teams, in their order, to `to` [2, width].
  __device__ void finish(float* to, int width) const {
    auto const all = shared_array<float>(0, Layout::teams * row);  // [teams, 2, columns]
    int const team = static_cast<int>(threadIdx.x) / Layout::lanes,
              lane = static_cast<int>(threadIdx.x) % Layout::lanes;
    VLSM_UNROLL
    for (int k = 0; k < pieces; ++k) {
      Vector<float, step> by_weight, by_bias;
      VLSM_UNROLL
      for (int i = 0; i < step; ++i) {
        by_weight[i] = held[k][i];
        by_bias[i] = held[k][step + i];
      }
      int const place = team * row + step * (lane + Layout::lanes * k);
      store_vector(all, place, by_weight);
      store_vector(all, place + Layout::columns, by_bias);
    }
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < row; i += Layout::threads) {
      int const column = i % Layout::columns;
      if (column >= width) continue;
      float sum = 0;
      VLSM_UNROLL
      for (int team = 0; team < Layout::teams; ++team) sum += all[team * row + i];
      to[i < Layout::columns ? column : width + column] = sum;
    }
  }
};

/// grad_residual = (g - mean(g) - n mean(g n)) / deviation + grad_z, with g = weight grad_y and n
/// the normalized row; grad_x is what dropout leaves of it. To workspace [splits, 2, columns] the
/// block's sums of grad_y n and of grad_y. Each number is read once.
template <class X, class R, class W, class Layout>
__global__ void __launch_bounds__(Layout::threads, Layout::threads == 256 ? 2 : 3)
    add_norm_backward(AddNormBackward const a, bool const wide) {
  using Z = SumType<X, R>;
  constexpr int pieces = Layout::pieces;
  // Whether the registers have room for grad_z before the row's sums are known.
  constexpr bool early = sizeof(Z) == 2 && Layout::lanes <= 32;
  TeamSums<Layout> sums;
  bool const drops = a.dropout.mask.threshold > 0;
  Row<Layout> at(a.shape, wide);
  // Rows that are not there go the same way as those beside them.
  for (int turn = 0; at.first_together() < a.shape.rows; at.advance(a.shape.rows), ++turn) {
    std::uint64_t const kept = drops ? at.kept_by(a.dropout.mask) : 0;
    float const mean = at.there ? a.mean[at.row] : 0.0f,
                inverse = at.there ? a.inverse_deviation[at.row] : 0.0f;
    Four<Z> z[pieces], grads[pieces], beside[pieces];
    at.fetch_row(a.z, z);
    at.fetch_row(a.grad_y, grads);
    if constexpr (early) at.fetch_row(a.grad_z, beside);
    float n[pieces][step], g[pieces][step];
    float sum = 0, product = 0;
    VLSM_UNROLL
    for (int k = 0; k < pieces; ++k) {
      float weight[step] = {};
      read(static_cast<W const*>(a.weight) + at.column_of(k), at.count_of(k), wide, weight);
      convert(z[k], n[k]);
      convert(grads[k], g[k]);
      VLSM_UNROLL
      for (int i = 0; i < step; ++i) n[k][i] = (n[k][i] - mean) * inverse;
      sums.add(k, n[k], g[k]);
      VLSM_UNROLL
      for (int i = 0; i < step; ++i) {
        g[k][i] *= weight[i];
        sum += g[k][i];  // zero beyond the last column
        product = fmaf(g[k][i], n[k][i], product);
      }
    }
    float const width = static_cast<float>(at.width);
    at.add_up(sum, product, turn, TeamSums<Layout>::bytes);
    if constexpr (!early) at.fetch_row(a.grad_z, beside);
    float const by_mean = sum / width, by_deviation = product / width;
    VLSM_UNROLL
    for (int k = 0; k < pieces; ++k) {
      float grad_z[step];
      convert(beside[k], grad_z);
      VLSM_UNROLL
      for (int i = 0; i < step; ++i)
        grad_z[i] = fmaf(fmaf(-n[k][i], by_deviation, g[k][i] - by_mean), inverse, grad_z[i]);
      if (a.grad_residual != nullptr) at.template put<R>(a.grad_residual, k, grad_z);
      if (drops) at.drop(kept, a.dropout.scale, k, grad_z);
      at.template put<X>(a.grad_x, k, grad_z);
    }
  }
  sums.finish(a.workspace + std::ptrdiff_t{2} * at.width * blockIdx.x, at.width);
}

}  // namespace vlsm::kernels::add_norm
