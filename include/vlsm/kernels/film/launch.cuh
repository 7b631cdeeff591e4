// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/film/film.cuh"

namespace vlsm::kernels {

namespace film {

inline dim3 grid_of(FilmShape const& shape) {
  auto const splits = static_cast<unsigned>(film_splits(shape));
  if (shape.tokens)
    return dim3(splits, static_cast<unsigned>(ColumnSplit(shape.channels).tiles),
                static_cast<unsigned>(shape.batch));
  constexpr int warps = threads / 32;
  return dim3(static_cast<unsigned>((shape.planes() * splits + warps - 1) / warps));
}

/// Calls `run.operator()<T, Places>()` for the shape's type and layout.
template <class Run>
void choose(FilmShape const& shape, Run const& run) {
  with_floats(shape.type, "features", "FiLM", [&]<class T>() {
    if (shape.tokens)
      run.template operator()<T, TokenPlaces>();
    else
      run.template operator()<T, MapPlaces>();
  });
}

/// Whether all of these arrays may be read by fours; null is not read at all.
template <class T, class... Arrays>
bool all_by_fours(FilmShape const& shape, Arrays... arrays) {
  std::ptrdiff_t const row = shape.tokens ? shape.channels : shape.positions;
  return (by_fours(static_cast<T const*>(arrays), row) && ...);
}

}  // namespace film

void launch(FilmForward const& a, void* stream) {
  if (a.shape.planes() == 0 || a.shape.positions == 0) return;
  film::choose(a.shape, [&]<class T, class Places>() {
    bool const wide = film::all_by_fours<T>(a.shape, a.x, a.residual, a.y);
    VLSM_LAUNCH((film::film_forward<T, Places>), film::grid_of(a.shape), dim3(film::threads), 0,
                stream, a, wide);
  });
}

void launch(FilmBackward const& a, void* stream) {
  if (a.shape.planes() == 0) return;
  film::choose(a.shape, [&]<class T, class Places>() {
    bool const wide = film::all_by_fours<T>(a.shape, a.x, a.grad_y, a.grad_x);
    int const shared = Places::tokens ? 2 * step * film::threads * int{sizeof(float)} : 0;
    // Without positions the sums of no split are zeros.
    if (a.shape.positions > 0)
      VLSM_LAUNCH((film::film_backward<T, Places>), film::grid_of(a.shape), dim3(film::threads),
                  shared, stream, a, wide);
    int const splits = film_splits(a.shape);
    float* const by_shift = a.workspace + 2 * splits * a.shape.planes();
    launch_sum_of_splits<T>(a.workspace, splits, a.shape.planes(), a.grad_scale, a.grad_shift,
                            by_shift, stream);
    if (a.grad_bias == nullptr) return;
    unsigned const blocks = (static_cast<unsigned>(a.shape.channels) + 255) / 256;
    VLSM_LAUNCH((film::film_bias<T>), dim3(blocks), dim3(film::threads), 0, stream, a, by_shift);
  });
}

}  // namespace vlsm::kernels
