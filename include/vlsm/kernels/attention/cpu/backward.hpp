// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstring>

#include "vlsm/kernels/attention/cpu/tile.hpp"

namespace vlsm::kernels::cpu {

/// Gradients of attention from queries `first` to `last` - 1 of one head of one image: theirs, and
/// their share of those of keys and values, which goes to chunk `chunk`. The weights are computed
/// again as the forward pass did, to the bit.
template <class T>
struct BackwardRows {
  AttentionBackward<T> const& a;
  int b, h, first, last, chunk;
  T* scratch;  ///< attention_scratch(a) elements, aligned to 64 bytes

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using V = typename Lanes<T, bytes>::Vector;
    constexpr int lanes = Lanes<T, bytes>::count, tile = 2 * lanes;
    int const keys = a.keys_of(b), padded = padded_dim(a.dim);

    T* const k = scratch;  // [keys, padded], and so on
    T* const v = k + keys * padded;
    T* const grad_k = v + keys * padded;
    T* const grad_v = grad_k + keys * padded;
    T* const queries = grad_v + keys * padded;        // [tile, padded]
    T* const grads = queries + widest_tile * padded;  // [tile, padded], of the output
    T* const across = grads + widest_tile * padded;   // [padded, tile]
    T* const p = across + widest_tile * padded;       // [keys, tile]
    T* const ds = p + widest_tile * keys;             // [keys, tile]
    pack(k, a.k.at(b, 0, h), a.k.row, keys, keys, a.dim, padded);
    pack(v, a.v.at(b, 0, h), a.v.row, keys, keys, a.dim, padded);
    std::memset(grad_k, 0, std::size_t(2) * keys * padded * sizeof(T));
    T const scale = static_cast<T>(a.scale), sign = static_cast<T>(a.scale < 0 ? -1 : 1),
            steepness = std::abs(scale);

    for (int row = first; row < last; row += tile) {
      int const count = std::min(tile, last - row);
      pack(queries, a.q.at(b, row, h), a.q.row, count, tile, a.dim, padded);
      pack(grads, a.grad_out.at(b, row, h), a.grad_out.row, count, tile, a.dim, padded);

      rows_to_lanes<T, bytes>(across, queries, padded, sign);
      multiply<T, bytes>(p, tile, Scalars<T>{k, padded, 1}, across, tile, keys, tile, a.dim);
      V top0, top1, sum0, sum1;
      softmax<T, bytes>(p, keys, steepness, top0, top1, sum0, sum1);
      scale_lanes<T, bytes>(p, keys, T(1) / sum0, T(1) / sum1);

      // ds = p (dp - delta), where delta, the sum of p dp over the keys, is also out . grad_out.
      rows_to_lanes<T, bytes>(across, grads, padded, T(1));
      multiply<T, bytes>(ds, tile, Scalars<T>{v, padded, 1}, across, tile, keys, tile, a.dim);
      if (a.dropout.share > 0) drop(a, b, h, row, count, keys, ds, tile);
      V delta0 = V{}, delta1 = V{}, part0 = V{}, part1 = V{};
      for (int key = 0; key < keys; ++key) {
        part0 += VLSM_AT(p + key * tile) * VLSM_AT(ds + key * tile);
        part1 += VLSM_AT(p + key * tile + lanes) * VLSM_AT(ds + key * tile + lanes);
        if (ends_part(key, keys)) {
          delta0 += part0, delta1 += part1;
          part0 = part1 = V{};
        }
      }
      for (int key = 0; key < keys; ++key) {
        T *const w = p + key * tile, *const d = ds + key * tile;
        VLSM_TO(d) = VLSM_AT(w) * (VLSM_AT(d) - delta0);
        VLSM_TO(d + lanes) = VLSM_AT(w + lanes) * (VLSM_AT(d + lanes) - delta1);
      }

      multiply<T, bytes, true>(grad_k, padded, Scalars<T>{ds, tile, 1}, queries, padded, keys,
                               padded, tile);
      if (a.dropout.share > 0) drop(a, b, h, row, count, keys, p, tile);
      multiply<T, bytes, true>(grad_v, padded, Scalars<T>{p, tile, 1}, grads, padded, keys, padded,
                               tile);
      multiply_long<T, bytes>(across, tile, Scalars<T>{k, 1, padded}, ds, tile, padded, tile, keys);
      V const factor = V{} + scale;
      lanes_to_rows<T, bytes>(queries, across, padded, factor, factor);
      unpack(a.grad_q.at(b, row, h), a.grad_q.row, queries, count, a.dim, padded);
    }

    std::ptrdiff_t const block =
        ((std::ptrdiff_t{chunk} * a.batch + b) * a.heads + h) * a.keys * a.dim;
    for (int i = 0; i < keys * padded; ++i) grad_k[i] *= scale;
    write(a.grad_k + block, grad_k, keys, padded);
    write(a.grad_v + block, grad_v, keys, padded);
  }

 private:
  /// [keys, padded] -> [a.keys, a.dim], zero for keys that do not count.
  VLSM_ALWAYS_INLINE void write(T* to, T const* from, int keys, int padded) const {
    unpack(to, a.dim, from, keys, a.dim, padded);
    std::memset(to + std::ptrdiff_t{keys} * a.dim, 0,
                std::size_t(a.keys - keys) * static_cast<std::size_t>(a.dim) * sizeof(T));
  }
};

}  // namespace vlsm::kernels::cpu
