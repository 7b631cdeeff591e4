// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/film/places.cuh"

namespace vlsm::kernels::film {

template <class T, class Places>
__global__ void __launch_bounds__(threads) film_forward(FilmForward const a, bool const wide) {
  Places const places(a.shape);
  float scale[step] = {}, shift[step] = {}, bias[step] = {};
  float x[pieces][step] = {}, residual[pieces][step] = {};
  read_pieces<Places, T>(places, a.x, wide, x);
  if (a.residual != nullptr) read_pieces<Places, T>(places, a.residual, wide, residual);
  read_planes<Places, T>(places, a.scale, scale);
  read_planes<Places, T>(places, a.shift, shift);
  read_channels<Places, T>(places, a.bias, bias);
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    VLSM_UNROLL
    for (int i = 0; i < step; ++i)
      x[k][i] = scale[i] * (x[k][i] + bias[i]) + shift[i] + residual[k][i];
    write(static_cast<T*>(a.y) + places.offset_of(k), places.count_of(k), wide, x[k]);
  }
}

}  // namespace vlsm::kernels::film
