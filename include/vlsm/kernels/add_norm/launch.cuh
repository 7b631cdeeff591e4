// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>

#include "vlsm/kernels/add_norm/backward.cuh"
#include "vlsm/kernels/add_norm/forward.cuh"
#include "vlsm/kernels/cuda/columns.cuh"

namespace vlsm::kernels {

namespace add_norm {

/// Calls `run.operator()<X, R, W, Layout>()` for the types and the least registers that hold a row.
template <class Run>
void choose(AddNormShape const& shape, Run const& run) {
  if (shape.columns > add_norm_columns)
    throw Error("rows of " + std::to_string(shape.columns) + " numbers", "residual and norm",
                "take at most " + std::to_string(add_norm_columns) + ", or another backend");
  with_add_norm_types(shape, "residual and norm", [&]<class X, class R, class W>() {
    auto const fits = [&]<class Layout>(Layout) {
      if (shape.columns > Layout::columns) return false;
      run.template operator()<X, R, W, Layout>();
      return true;
    };
    fits(Layout<16, 1>{}) || fits(Layout<32, 2>{}) || fits(Layout<32, 4>{}) ||
        fits(Layout<32, 6>{}) || fits(Layout<64, 4>{}) || fits(Layout<128, 4>{});
  });
}
static_assert(Layout<128, 4>::columns == add_norm_columns);

/// Whether an array may be read by fours; null is not read at all.
template <class T>
bool fours(AddNormShape const& shape, void const* array) {
  return by_fours(static_cast<T const*>(array), shape.columns);
}

/// Blocks that give each row a team.
template <class Layout>
std::ptrdiff_t blocks_for(AddNormShape const& shape) {
  return (shape.rows + Layout::teams - 1) / Layout::teams;
}

}  // namespace add_norm

void launch(AddNormForward const& a, void* stream) {
  if (a.shape.rows == 0 || a.shape.columns == 0) return;
  add_norm::choose(a.shape, [&]<class X, class R, class W, class Layout>() {
    using Z = SumType<X, R>;
    using add_norm::fours;
    bool const wide = fours<X>(a.shape, a.x) && fours<R>(a.shape, a.residual) &&
                      fours<W>(a.shape, a.weight) && fours<W>(a.shape, a.bias) &&
                      fours<Z>(a.shape, a.y) && fours<Z>(a.shape, a.z);
    VLSM_LAUNCH((add_norm::add_norm_forward<X, R, W, Layout>),
                dim3(static_cast<unsigned>(add_norm::blocks_for<Layout>(a.shape))),
                dim3(Layout::threads), Layout::scratch * int{sizeof(float)}, stream, a, wide);
  });
}

void launch(AddNormBackward const& a, void* stream) {
  if (a.shape.columns == 0) return;
  add_norm::choose(a.shape, [&]<class X, class R, class W, class Layout>() {
    using Z = SumType<X, R>;
    using add_norm::fours;
    bool const wide = fours<Z>(a.shape, a.z) && fours<W>(a.shape, a.weight) &&
                      fours<Z>(a.shape, a.grad_y) && fours<Z>(a.shape, a.grad_z) &&
                      fours<X>(a.shape, a.grad_x) && fours<R>(a.shape, a.grad_residual);
    auto const splits = static_cast<int>(
        std::min<std::ptrdiff_t>(add_norm::blocks_for<Layout>(a.shape),
                                 std::min(2 * multiprocessors(), add_norm_most_splits)));
    if (splits > 0)
      VLSM_LAUNCH((add_norm::add_norm_backward<X, R, W, Layout>),
                  dim3(static_cast<unsigned>(splits)), dim3(Layout::threads),
                  add_norm::TeamSums<Layout>::bytes + Layout::scratch * int{sizeof(float)}, stream,
                  a, wide);
    launch_sum_of_splits<W>(a.workspace, splits, a.shape.columns, a.grad_weight, a.grad_bias,
                            nullptr, stream);
  });
}

}  // namespace vlsm::kernels
