// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "vlsm/kernels/cpu/dot.hpp"
#include "vlsm/kernels/cpu/multiply.hpp"

// Products of matrices of any size, of words (dot.hpp). Both factors are packed, so that the
// innermost loop reads two short streams: b in panels of 16 columns, a in blocks of a few rows.
namespace vlsm::kernels::cpu {

/// Columns of a panel. b [inner, columns] is packed as [panels][inner][16], zeros behind its last
/// column; all instruction sets read this one layout.
inline constexpr int panel = 16;

/// `count` in whole panels.
constexpr std::ptrdiff_t in_panels(std::ptrdiff_t count) {
  return (count + panel - 1) / panel * panel;
}

/// Rows of a that are multiplied at once, at most: with two vectors of columns each, their sums
/// fill the registers.
constexpr int block_rows(Isa isa) { return isa == Isa::avx512 ? 14 : 6; }

/// The blocks of `rows` rows: as few as possible, of equal heights but for one. A block of a
/// [rows, inner] is packed as [inner / 16][height][16], the last stretch of 16 filled up (with what
/// does not matter); the block that begins at row r begins at r * in_panels(inner).
struct RowBlocks {
  std::ptrdiff_t rows, count;

  RowBlocks(std::ptrdiff_t rows, Isa isa)
      : rows(rows), count((rows + block_rows(isa) - 1) / block_rows(isa)) {}
  /// The first row of a block; that of block `count` is `rows`.
  std::ptrdiff_t first(std::ptrdiff_t block) const { return rows * block / count; }
};

/// b [inner, columns] to panels: in_panels(columns) * inner floats. A linear layer's weight
/// [out, in] is b with row 1 and column in.
inline void pack_panels(float* to, Scalars<float> b, std::ptrdiff_t inner, std::ptrdiff_t columns) {
  constexpr std::ptrdiff_t stretch = 64;  // of a panel, which stays in the first cache
  for (std::ptrdiff_t first = 0; first < columns; first += panel, to += inner * panel)
    for (std::ptrdiff_t begin = 0; begin < inner; begin += stretch)
      for (std::ptrdiff_t i = 0; i < panel; ++i) {
        std::ptrdiff_t const column = first + i, end = std::min(begin + stretch, inner);
        for (std::ptrdiff_t k = begin; k < end; ++k)
          to[k * panel + i] = column < columns ? b.data[k * b.row + column * b.column] : 0.0f;
      }
}

namespace detail {

/// c [rows, vectors] of whole vectors = (or +=) a b. The sums are added up in the order of the
/// inner dimension whatever the sizes of the tile are, so these do not change a bit.
template <class Dot, int bytes, int rows, int vectors>
VLSM_ALWAYS_INLINE void gemm_tile(float* c, std::ptrdiff_t c_row, float const* a,
                                  std::ptrdiff_t inner, float const* b, std::ptrdiff_t b_panel,
                                  bool add) {
  using T = float;
  using V = typename Lanes<T, bytes>::Vector;
  constexpr int lanes = Lanes<T, bytes>::count;
  V sum[rows][vectors] = {};
  if (add) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) sum[i][v] = VLSM_AT(c + i * c_row + v * lanes);
  }
  for (std::ptrdiff_t first = 0; first < inner; first += panel, a += rows * panel) {
    std::ptrdiff_t const count = inner - first < panel ? inner - first : panel;
    for (std::ptrdiff_t k = 0; k < count; ++k, b += panel) {
      V right[vectors];
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v)
        right[v] = VLSM_AT(b + v * lanes / panel * b_panel + v * lanes % panel);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v)
          Dot::template add<bytes>(sum[i][v], a + i * panel + k, right[v]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) VLSM_TO(c + i * c_row + v * lanes) = sum[i][v];
}

/// The same with the number of rows, `least` to `most`, known when it runs.
template <class Dot, int bytes, int vectors, int least, int most>
VLSM_ALWAYS_INLINE void gemm_rows(float* c, std::ptrdiff_t c_row, float const* a,
                                  std::ptrdiff_t rows, std::ptrdiff_t inner, float const* b,
                                  std::ptrdiff_t b_panel, bool add) {
  [&]<int... i>(std::integer_sequence<int, i...>) VLSM_ALWAYS_INLINE_LAMBDA {
    (void)((rows == least + i &&
            (gemm_tile<Dot, bytes, least + i, vectors>(c, c_row, a, inner, b, b_panel, add),
             true)) ||
           ...);
  }
  (std::make_integer_sequence<int, most - least + 1>());
}

}  // namespace detail

/// c [rows, columns] = a b, or += (`add`). a is packed in RowBlocks, b in panels (`columns` is
/// theirs: a multiple of 16), row i of c begins at c + i * c_row. What stays in the caches: a block
/// of a in the first, one or two panels of b in the first or second, while all blocks pass. Sums of
/// bytes are integers, which lie in c as such.
template <Operand operand = Operand::fp32, bool unit = false>
struct Gemm {
  float* c;
  std::ptrdiff_t c_row;
  float const* a;
  float const* b;
  std::ptrdiff_t rows, columns, inner;  ///< inner: words
  std::ptrdiff_t b_panel;               ///< from one panel to the next: 16 inner, or more
  bool add = false;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using Dot = cpu::Dot<operand, unit>;
    constexpr Isa isa = bytes == 64 ? Isa::avx512 : bytes == 32 ? Isa::avx2 : Isa::base;
    constexpr int most = block_rows(isa), lanes = Lanes<float, bytes>::count;
    RowBlocks const blocks(rows, isa);
    std::ptrdiff_t column = 0;
    auto const pass = [&](int vectors, auto const& multiply) VLSM_ALWAYS_INLINE_LAMBDA {
      for (; column + vectors * lanes <= columns; column += vectors * lanes)
        for (std::ptrdiff_t block = 0; block < blocks.count; ++block) {
          std::ptrdiff_t const first = blocks.first(block);
          multiply(c + first * c_row + column, a + first * in_panels(inner),
                   blocks.first(block + 1) - first, b + column / panel * b_panel + column % panel);
        }
    };
    if constexpr (bytes == 64) {
      // Few rows leave registers for more columns, without which sums would wait for each other.
      if (rows <= 6)
        pass(4, [&](float* to, float const* left, std::ptrdiff_t height, float const* right)
                    VLSM_ALWAYS_INLINE_LAMBDA {
                      detail::gemm_rows<Dot, bytes, 4, 1, 6>(to, c_row, left, height, inner, right,
                                                             b_panel, add);
                    });
    }
    pass(2, [&](float* to, float const* left, std::ptrdiff_t height, float const* right)
                VLSM_ALWAYS_INLINE_LAMBDA {
                  detail::gemm_rows<Dot, bytes, 2, 1, most>(to, c_row, left, height, inner, right,
                                                            b_panel, add);
                });
    if constexpr (bytes == 64)
      pass(1, [&](float* to, float const* left, std::ptrdiff_t height, float const* right)
                  VLSM_ALWAYS_INLINE_LAMBDA {
                    detail::gemm_rows<Dot, bytes, 1, 1, most>(to, c_row, left, height, inner, right,
                                                              b_panel, add);
                  });
  }
};

}  // namespace vlsm::kernels::cpu
