// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/kernels/add_norm/backward.cuh"
#include "vlsm/kernels/add_norm/forward.cuh"

namespace vlsm::kernels {

namespace add_norm {

/// Calls `run.operator()<T, pieces>()` for the type and the least registers that hold a row.
template <class Run>
void choose(AddNormShape const& shape, Run const& run) {
  if (shape.columns > add_norm_columns)
    throw Error("rows of " + std::to_string(shape.columns) + " numbers", "residual and norm",
                "take at most " + std::to_string(add_norm_columns) + ", or another backend");
  with_floats(shape.type, "rows", "residual and norm", [&]<class T>() {
    if (shape.columns <= Row<4>::columns)
      run.template operator()<T, 4>();
    else if (shape.columns <= Row<8>::columns)
      run.template operator()<T, 8>();
    else
      run.template operator()<T, 16>();
  });
}
static_assert(Row<16>::columns == add_norm_columns);

/// Whether all of these arrays may be read by fours; null is not read at all.
template <class T, class... Arrays>
bool all_by_fours(AddNormShape const& shape, Arrays... arrays) {
  return (by_fours(static_cast<T const*>(arrays), shape.columns) && ...);
}

inline dim3 grid_of(AddNormShape const& shape) {
  constexpr int warps = threads / 32;
  return dim3(static_cast<unsigned>((shape.rows + warps - 1) / warps));
}

}  // namespace add_norm

void launch(AddNormForward const& a, void* stream) {
  if (a.shape.rows == 0 || a.shape.columns == 0) return;
  add_norm::choose(a.shape, [&]<class T, int pieces>() {
    bool const wide =
        add_norm::all_by_fours<T>(a.shape, a.x, a.residual, a.weight, a.bias, a.y, a.z);
    VLSM_LAUNCH((add_norm::add_norm_forward<T, pieces>), add_norm::grid_of(a.shape),
                dim3(add_norm::threads), 0, stream, a, wide);
  });
}

void launch(AddNormBackward const& a, void* stream) {
  if (a.shape.columns == 0) return;
  add_norm::choose(a.shape, [&]<class T, int pieces>() {
    bool const wide = add_norm::all_by_fours<T>(a.shape, a.z, a.weight, a.grad_y, a.grad_z,
                                                a.grad_x, a.grad_residual);
    ColumnSplit const split(a.shape.columns);
    int const splits = split.splits(a.shape.rows);
    // The columns first: the rows' kernel may write over what they read.
    if (a.shape.rows > 0) {
      VLSM_LAUNCH((add_norm::add_norm_backward_columns<T>),
                  dim3(static_cast<unsigned>(splits), static_cast<unsigned>(split.tiles)),
                  dim3(ColumnSplit::threads), 2 * step * ColumnSplit::threads * int{sizeof(float)},
                  stream, a, wide);
      VLSM_LAUNCH((add_norm::add_norm_backward_rows<T, pieces>), add_norm::grid_of(a.shape),
                  dim3(add_norm::threads), 0, stream, a, wide);
    }
    launch_sum_of_splits<T>(a.workspace, splits, a.shape.columns, a.grad_weight, a.grad_bias,
                            nullptr, stream);
  });
}

}  // namespace vlsm::kernels
