// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

namespace vlsm {

/// The words of sentences, those that count first: what `Attention::cross_attend` looks at. Made
/// once, however many layers look.
struct OrderedWords {
  at::Tensor keys;     ///< [B, L, width], what queries are compared with
  at::Tensor values;   ///< [B, L, width], what queries get
  at::Tensor lengths;  ///< int32 [B]: so many first words count; undefined: all do

  /// Words where `padding` [B, L] is true go behind the others: for attention they have no order
  /// but what their keys say.
  OrderedWords(at::Tensor const& all_keys, at::Tensor const& all_values, at::Tensor const& padding)
      : keys(all_keys), values(all_values) {
    if (!padding.defined()) return;
    at::Tensor const order = padding.argsort(/*stable=*/true, 1).unsqueeze(2);  // [B, L, 1]
    keys = keys.gather(1, order.expand_as(keys));
    values = values.gather(1, order.expand_as(values));
    lengths = padding.logical_not().sum(1).to(at::kInt);
  }
};

}  // namespace vlsm
