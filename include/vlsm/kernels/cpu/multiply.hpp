// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "vlsm/kernels/cpu/vector.hpp"

namespace vlsm::kernels::cpu {

/// A matrix of scalars, element (i, j) at data[i * row + j * column].
template <class T>
struct Scalars {
  T const* data;
  std::ptrdiff_t row, column;
};

namespace detail {

/// `rows` x `vectors` vectors of c (+)= a b: the accumulators stay in registers.
template <class T, int bytes, int rows, int vectors, bool add>
VLSM_ALWAYS_INLINE void multiply_tile(T* c, std::ptrdiff_t c_row, Scalars<T> a, T const* b,
                                      std::ptrdiff_t b_row, std::ptrdiff_t inner) {
  using V = typename Lanes<T, bytes>::Vector;
  constexpr int lanes = Lanes<T, bytes>::count;
  V sum[rows][vectors] = {};
  T const* column = a.data;
  for (std::ptrdiff_t j = 0; j < inner; ++j, b += b_row, column += a.column) {
    V right[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) right[v] = VLSM_AT(b + v * lanes);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) sum[i][v] += column[i * a.row] * right[v];
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      // A sum of sums: its rounding errors grow less than those of one long sum.
      if constexpr (add) sum[i][v] += VLSM_AT(c + i * c_row + v * lanes);
      VLSM_TO(c + i * c_row + v * lanes) = sum[i][v];
    }
}

template <class T, int bytes, int vectors, bool add>
VLSM_ALWAYS_INLINE void multiply_columns(T* c, std::ptrdiff_t c_row, Scalars<T> a, T const* b,
                                         std::ptrdiff_t b_row, std::ptrdiff_t rows,
                                         std::ptrdiff_t inner) {
  // As many accumulators as the registers hold (16 with AVX2, 32 with AVX-512) beside b's.
  constexpr int tile = bytes == 64 ? 8 : 4;
  std::ptrdiff_t i = 0;
  auto const at = [&](std::ptrdiff_t row) VLSM_ALWAYS_INLINE_LAMBDA -> Scalars<T> {
    return {a.data + row * a.row, a.row, a.column};
  };
  for (; i + tile <= rows; i += tile)
    multiply_tile<T, bytes, tile, vectors, add>(c + i * c_row, c_row, at(i), b, b_row, inner);
  if constexpr (tile == 8)
    if (i + 4 <= rows) {
      multiply_tile<T, bytes, 4, vectors, add>(c + i * c_row, c_row, at(i), b, b_row, inner);
      i += 4;
    }
  if (i + 2 <= rows) {
    multiply_tile<T, bytes, 2, vectors, add>(c + i * c_row, c_row, at(i), b, b_row, inner);
    i += 2;
  }
  if (i < rows)
    multiply_tile<T, bytes, 1, vectors, add>(c + i * c_row, c_row, at(i), b, b_row, inner);
}

}  // namespace detail

/// c [rows, columns] = a [rows, inner] b [inner, columns] (`add`: += ), for matrices that lie in
/// the first caches. Rows of b and c are contiguous, `columns` is a multiple of the lanes.
template <class T, int bytes, bool add = false>
VLSM_ALWAYS_INLINE void multiply(T* c, std::ptrdiff_t c_row, Scalars<T> a, T const* b,
                                 std::ptrdiff_t b_row, std::ptrdiff_t rows, std::ptrdiff_t columns,
                                 std::ptrdiff_t inner) {
  constexpr int lanes = Lanes<T, bytes>::count;
  std::ptrdiff_t column = 0;
  for (; column + 2 * lanes <= columns; column += 2 * lanes)
    detail::multiply_columns<T, bytes, 2, add>(c + column, c_row, a, b + column, b_row, rows,
                                               inner);
  if (column < columns)
    detail::multiply_columns<T, bytes, 1, add>(c + column, c_row, a, b + column, b_row, rows,
                                               inner);
}

/// The same for long sums: over stretches of 64, which are added up.
template <class T, int bytes>
VLSM_ALWAYS_INLINE void multiply_long(T* c, std::ptrdiff_t c_row, Scalars<T> a, T const* b,
                                      std::ptrdiff_t b_row, std::ptrdiff_t rows,
                                      std::ptrdiff_t columns, std::ptrdiff_t inner) {
  constexpr std::ptrdiff_t stretch = 64;
  multiply<T, bytes>(c, c_row, a, b, b_row, rows, columns, inner < stretch ? inner : stretch);
  for (std::ptrdiff_t j = stretch; j < inner; j += stretch)
    multiply<T, bytes, true>(c, c_row, Scalars<T>{a.data + j * a.column, a.row, a.column},
                             b + j * b_row, b_row, rows, columns,
                             inner - j < stretch ? inner - j : stretch);
}

}  // namespace vlsm::kernels::cpu
