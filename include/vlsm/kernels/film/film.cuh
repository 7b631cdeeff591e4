// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/film/places.cuh"

namespace vlsm::kernels::film {

/// Writes y = scale (x + bias) + shift + residual.
template <class T, class Places>
__global__ void __launch_bounds__(threads) film_forward(FilmForward const a, bool const wide) {
  Places const places(a.shape);
  float scale[step] = {}, shift[step] = {}, bias[step] = {};
  Four<T> x_pieces[pieces], residual_pieces[pieces];
  fetch_pieces(places, a.x, wide, x_pieces);
  if (a.residual != nullptr) fetch_pieces(places, a.residual, wide, residual_pieces);
  read_planes<Places, T>(places, a.scale, scale);
  read_planes<Places, T>(places, a.shift, shift);
  read_channels<Places, T>(places, a.bias, bias);
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    float x[step], residual[step];
    convert(x_pieces[k], x);
    convert(residual_pieces[k], residual);
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) x[i] = scale[i] * (x[i] + bias[i]) + shift[i] + residual[i];
    store(static_cast<T*>(a.y) + places.offset_of(k), places.count_of(k), wide, x);
  }
}

/// Writes grad_x, and to workspace [splits, 2, B, C] the sums of grad_y (x + bias) and of grad_y.
template <class T, class Places>
__global__ void __launch_bounds__(threads) film_backward(FilmBackward const a, bool const wide) {
  Places const places(a.shape);
  float scale[step] = {}, bias[step] = {};
  Four<T> x_pieces[pieces], grad_pieces[pieces];
  fetch_pieces(places, a.x, wide, x_pieces);
  fetch_pieces(places, a.grad_y, wide, grad_pieces);
  read_planes<Places, T>(places, a.scale, scale);
  read_channels<Places, T>(places, a.bias, bias);
  float sums[2 * step] = {};
  VLSM_UNROLL
  for (int k = 0; k < pieces; ++k) {
    float x[step], grad[step], grad_x[step];
    convert(x_pieces[k], x);
    convert(grad_pieces[k], grad);
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) {
      sums[i] += grad[i] * (x[i] + bias[i]);
      sums[step + i] += grad[i];
      grad_x[i] = scale[i] * grad[i];
    }
    store(static_cast<T*>(a.grad_x) + places.offset_of(k), places.count_of(k), wide, grad_x);
  }
  std::ptrdiff_t const planes = a.shape.planes();
  float* const to = a.workspace + 2 * planes * places.split;
  if constexpr (Places::tokens) {
    add_lanes(places.columns, sums);
    if (places.at.lane > 0) return;
    VLSM_UNROLL
    for (int i = 0; i < step; ++i) {
      if (i >= places.count) continue;
      to[places.plane_of(i)] = sums[i];
      to[planes + places.plane_of(i)] = sums[step + i];
    }
  } else {
    float const by_scale = warp_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    float const by_shift = warp_sum((sums[4] + sums[5]) + (sums[6] + sums[7]));
    if (threadIdx.x % 32 > 0 || places.count == 0) return;
    to[places.plane] = by_scale;
    to[planes + places.plane] = by_shift;
  }
}

/// Writes grad_bias [C], the gradient with respect to the bias: the sum over the batch of scale
/// times `by_shift`, both [B, C]. `by_shift` is the gradient with respect to the shift, in float32.
/// A thread a channel.
template <class T>
__global__ void __launch_bounds__(threads) film_bias(FilmBackward const a, float const* by_shift) {
  int const channels = a.shape.channels;
  int const channel = static_cast<int>(blockIdx.x * threads + threadIdx.x);
  if (channel >= channels) return;
  float sum = 0;
  for (std::ptrdiff_t plane = channel; plane < a.shape.planes(); plane += channels)
    sum += to_float(static_cast<T const*>(a.scale)[plane]) * by_shift[plane];
  static_cast<T*>(a.grad_bias)[channel] = from_float<T>(sum);
}

}  // namespace vlsm::kernels::film
