// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cpu/row.hpp"
#include "vlsm/kernels/film/launch.hpp"

// FiLM on a CPU: what kernels/film/ does on a GPU. A task has some positions of a picture (tokens)
// or of a plane (maps).
namespace vlsm::kernels::cpu {

/// Positions that one task takes.
constexpr std::ptrdiff_t film_part(FilmShape const& shape) { return shape.tokens ? 64 : 1024; }

/// Tasks of a picture (tokens), or of a plane (maps).
constexpr std::ptrdiff_t film_parts(FilmShape const& shape) {
  return (shape.positions + film_part(shape) - 1) / film_part(shape);
}
/// Tasks of all pictures, or of all planes.
constexpr std::ptrdiff_t film_tasks(FilmShape const& shape) {
  return (shape.tokens ? std::ptrdiff_t{shape.batch} : shape.planes()) * film_parts(shape);
}

namespace detail {

/// Numbers of a row that are held as floats at once.
inline constexpr std::ptrdiff_t film_block = 1024;

/// A task's numbers in blocks of rows: tokens have a row of channels each, a plane is one row.
struct FilmPart {
  std::ptrdiff_t of, index, rows, columns, first;
  bool tokens;
  std::ptrdiff_t channels;

  FilmPart(FilmShape const& shape, std::ptrdiff_t task)
      : of(task / film_parts(shape)),
        index(task % film_parts(shape)),
        tokens(shape.tokens),
        channels(shape.channels) {
    std::ptrdiff_t const at = index * film_part(shape),
                         count = std::min(film_part(shape), shape.positions - at);
    rows = tokens ? count : 1;
    columns = tokens ? channels : count;
    first = tokens ? (of * shape.positions + at) * channels : of * shape.positions + at;
  }

  /// scale or shift [B, C], or the bias [C], for `count` columns from `column` on; zeros without
  /// one. A plane has one of each: a vector of it, at `place(at)` for every vector `at`.
  template <int bytes, class E>
  VLSM_ALWAYS_INLINE float const* factors(void const* array, bool each_picture,
                                          std::ptrdiff_t column, std::ptrdiff_t count,
                                          float* buffer) const {
    auto const* const from = static_cast<E const*>(array);
    if (from != nullptr && tokens)
      return floats_of<bytes>(from + (each_picture ? of * channels : 0) + column, count, buffer);
    float value = 0;
    if (from != nullptr) to_floats(&value, from + (each_picture ? of : of % channels), 1);
    for (std::ptrdiff_t i = 0; i < (tokens ? padded(count) : padded(1)); ++i) buffer[i] = value;
    return buffer;
  }
  VLSM_ALWAYS_INLINE std::ptrdiff_t place(std::ptrdiff_t at) const { return tokens ? at : 0; }
};

}  // namespace detail

/// A task of the forward; E: float, Half or BFloat16.
template <class E>
struct FilmForwardPart {
  FilmForward const& a;
  std::ptrdiff_t task;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    constexpr std::ptrdiff_t most = detail::film_block;
    detail::FilmPart const part(a.shape, task);
    alignas(64) float buffers[6][most];
    for (std::ptrdiff_t column = 0; column < part.columns; column += most) {
      std::ptrdiff_t const count = std::min(most, part.columns - column);
      float const* const scale = part.factors<bytes, E>(a.scale, true, column, count, buffers[0]);
      float const* const shift = part.factors<bytes, E>(a.shift, true, column, count, buffers[1]);
      float const* const bias = part.factors<bytes, E>(a.bias, false, column, count, buffers[2]);
      for (std::ptrdiff_t row = 0; row < part.rows; ++row) {
        std::ptrdiff_t const begin = part.first + row * part.columns + column;
        float const* const x =
            floats_of<bytes>(static_cast<E const*>(a.x) + begin, count, buffers[3]);
        float const* residual = nullptr;
        if (a.residual != nullptr)
          residual = floats_of<bytes>(static_cast<E const*>(a.residual) + begin, count, buffers[4]);
        E* const to = static_cast<E*>(a.y) + begin;
        float* const y = target_of<bytes>(to, count, buffers[5]);
        each_vector<bytes>(count, [&](std::ptrdiff_t at, int) VLSM_ALWAYS_INLINE_LAMBDA {
          std::ptrdiff_t const place = part.place(at);
          auto value = VLSM_AT(scale + place) * (VLSM_AT(x + at) + VLSM_AT(bias + place)) +
                       VLSM_AT(shift + place);
          if (residual != nullptr) value += VLSM_AT(residual + at);
          VLSM_TO(y + at) = value;
        });
        put(to, count, y);
      }
    }
  }
};

/// A task of the backward: grad_x, and in workspace [parts, 2, B, C] its sums of grad_y (x + bias)
/// and of grad_y.
template <class E>
struct FilmBackwardPart {
  FilmBackward const& a;
  std::ptrdiff_t task;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using V = typename Lanes<float, bytes>::Vector;
    constexpr std::ptrdiff_t most = detail::film_block;
    detail::FilmPart const part(a.shape, task);
    float* const sums = a.workspace + 2 * a.shape.planes() * part.index;
    alignas(64) float buffers[5][most], by_scale[most], by_shift[most];
    for (std::ptrdiff_t column = 0; column < part.columns; column += most) {
      std::ptrdiff_t const count = std::min(most, part.columns - column);
      float const* const scale = part.factors<bytes, E>(a.scale, true, column, count, buffers[0]);
      float const* const bias = part.factors<bytes, E>(a.bias, false, column, count, buffers[1]);
      for (std::ptrdiff_t i = 0; i < padded(count); ++i) by_scale[i] = by_shift[i] = 0;
      V products[4] = {}, totals[4] = {};
      for (std::ptrdiff_t row = 0; row < part.rows; ++row) {
        std::ptrdiff_t const begin = part.first + row * part.columns + column;
        float const* const x =
            floats_of<bytes>(static_cast<E const*>(a.x) + begin, count, buffers[2]);
        float const* const grad_y =
            floats_of<bytes>(static_cast<E const*>(a.grad_y) + begin, count, buffers[3]);
        E* const to = static_cast<E*>(a.grad_x) + begin;
        float* const grad_x = target_of<bytes>(to, count, buffers[4]);
        each_vector<bytes>(count, [&](std::ptrdiff_t at, int k) VLSM_ALWAYS_INLINE_LAMBDA {
          V const grad = VLSM_AT(grad_y + at);
          std::ptrdiff_t const place = part.place(at);
          V const product = grad * (VLSM_AT(x + at) + VLSM_AT(bias + place));
          if (part.tokens) {
            VLSM_TO(by_scale + at) = VLSM_AT(by_scale + at) + product;
            VLSM_TO(by_shift + at) = VLSM_AT(by_shift + at) + grad;
          } else {
            products[k] += product;  // zero beyond the last position
            totals[k] += grad;
          }
          VLSM_TO(grad_x + at) = VLSM_AT(scale + place) * grad;
        });
        put(to, count, static_cast<float const*>(grad_x));
      }
      if (part.tokens) {
        float* const at = sums + part.of * part.channels + column;
        for (std::ptrdiff_t i = 0; i < count; ++i) {
          at[i] = by_scale[i];
          at[a.shape.planes() + i] = by_shift[i];
        }
      } else {
        sums[part.of] = sum_of<bytes>(products);
        sums[a.shape.planes() + part.of] = sum_of<bytes>(totals);
      }
    }
  }
};

}  // namespace vlsm::kernels::cpu
