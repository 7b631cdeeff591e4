// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstring>
#include <limits>

#include "vlsm/kernels/attention/cpu/tile.hpp"

namespace vlsm::kernels::cpu {

/// Attention of queries `first` to `last` - 1 of one head of one image. A tile of rows lies across
/// the lanes, so that the softmax needs no sums within a vector, however few the keys are.
template <class T>
struct ForwardRows {
  AttentionForward<T> const& a;
  int b, h, first, last;
  T* scratch;  ///< attention_scratch(a) elements, aligned to 64 bytes

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using V = typename Lanes<T, bytes>::Vector;
    constexpr int lanes = Lanes<T, bytes>::count, tile = 2 * lanes;
    int const keys = a.keys_of(b), padded = padded_dim(a.dim);
    if (keys == 0) return without_keys();

    T* const k = scratch;                           // [keys, padded]
    T* const v = k + keys * padded;                 // [keys, padded]
    T* const rows = v + keys * padded;              // [tile, padded]
    T* const across = rows + widest_tile * padded;  // [padded, tile]
    T* const p = across + widest_tile * padded;     // [keys, tile]
    pack(k, a.k.at(b, 0, h), a.k.row, keys, keys, a.dim, padded);
    pack(v, a.v.at(b, 0, h), a.v.row, keys, keys, a.dim, padded);
    T const sign = static_cast<T>(a.scale < 0 ? -1 : 1),
            steepness = std::abs(static_cast<T>(a.scale));

    for (int row = first; row < last; row += tile) {
      int const count = std::min(tile, last - row);
      pack(rows, a.q.at(b, row, h), a.q.row, count, tile, a.dim, padded);
      rows_to_lanes<T, bytes>(across, rows, padded, sign);
      multiply<T, bytes>(p, tile, Scalars<T>{k, padded, 1}, across, tile, keys, tile, a.dim);

      V top0, top1, sum0, sum1;
      softmax<T, bytes>(p, keys, steepness, top0, top1, sum0, sum1);
      if (a.dropout.share > 0) drop(a, b, h, row, count, keys, p, tile);
      multiply_long<T, bytes>(across, tile, Scalars<T>{v, 1, padded}, p, tile, padded, tile, keys);
      lanes_to_rows<T, bytes>(rows, across, padded, T(1) / sum0, T(1) / sum1);
      unpack(a.out.at(b, row, h), a.out.row, rows, count, a.dim, padded);

      if (a.lse) {
        T top[tile], sum[tile];
        VLSM_TO(top) = top0, VLSM_TO(top + lanes) = top1;
        VLSM_TO(sum) = sum0, VLSM_TO(sum + lanes) = sum1;
        T* const lse = a.lse + (std::ptrdiff_t{b} * a.heads + h) * a.queries + row;
        for (int i = 0; i < count; ++i) lse[i] = top[i] * steepness + std::log(sum[i]);
      }
    }
  }

 private:
  VLSM_ALWAYS_INLINE void without_keys() const {
    for (int row = first; row < last; ++row) {
      std::memset(a.out.at(b, row, h), 0, static_cast<std::size_t>(a.dim) * sizeof(T));
      if (a.lse)
        a.lse[(std::ptrdiff_t{b} * a.heads + h) * a.queries + row] =
            -std::numeric_limits<T>::infinity();
    }
  }
};

}  // namespace vlsm::kernels::cpu
