// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace vlsm::kernels::cpu {

/// A tensor [batch, rows, heads, dim] of any strides whose last dimension is contiguous.
template <class T>
struct Rows {
  T* data = nullptr;
  std::ptrdiff_t batch = 0, row = 0, head = 0;  ///< strides in elements

  T* at(std::ptrdiff_t b, std::ptrdiff_t i, std::ptrdiff_t h) const {
    return data + b * batch + i * row + h * head;
  }
};

/// Dropout of attention weights: element (b, h, row, key) is kept or not by Philox alone.
struct AttentionDropout {
  double share = 0;  ///< of the weights that are dropped, below 1
  std::uint64_t seed = 0, offset = 0;
};

/// The sizes of an attention from few queries a picture to few keys a sentence.
struct AttentionSizes {
  int batch = 0, queries = 0, keys = 0, heads = 0, dim = 0;
  std::int32_t const* lengths = nullptr;  ///< [batch] keys that count, or null: all
  double scale = 1;
  AttentionDropout dropout;

  /// How many keys count in image `b`.
  int keys_of(int b) const { return lengths ? std::clamp(int(lengths[b]), 0, keys) : keys; }
};

/// Arguments of the forward, in float or double: q and out [batch, queries, heads, dim], k and v
/// [batch, keys, heads, dim].
template <class T>
struct AttentionForward : AttentionSizes {
  Rows<T const> q, k, v;
  Rows<T> out;
  T* lse = nullptr;  ///< [batch, heads, queries] or null; -inf where no key counts
};

/// Arguments of the backward, in float or double: q, grad_out and grad_q
/// [batch, queries, heads, dim], k and v [batch, keys, heads, dim].
template <class T>
struct AttentionBackward : AttentionSizes {
  Rows<T const> q, k, v, grad_out;
  Rows<T> grad_q;
  /// Contiguous partial sums [chunk, batch, heads, keys, dim], to be added up chunk by chunk.
  T* grad_k = nullptr;
  T* grad_v = nullptr;
};

}  // namespace vlsm::kernels::cpu
