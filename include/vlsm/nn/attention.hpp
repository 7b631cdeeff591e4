// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/linear.hpp"

namespace vlsm {

enum class AttentionMask {
  none,
  causal,  ///< a token sees itself and those before it
};

/// Multi-head self-attention with one fused projection to queries, keys and values.
class SelfAttention : public Module {
 public:
  SelfAttention(int width, int heads)
      : heads_(heads),
        qkv_(child<Linear>("qkv", width, 3 * width)),
        out_(child<Linear>("out", width, width)) {}

  /// [B, N, width] -> [B, N, width]
  at::Tensor forward(at::Tensor const& x, AttentionMask mask = AttentionMask::none) const {
    auto const batch = x.size(0), count = x.size(1), width = x.size(2);
    at::Tensor const packed =
        qkv_->forward(x).view({batch, count, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4});
    at::Tensor const mixed =
        at::scaled_dot_product_attention(packed[0], packed[1], packed[2], {}, 0.0,
                                         mask == AttentionMask::causal);  // [B, heads, N, D]
    return out_->forward(mixed.transpose(1, 2).reshape({batch, count, width}));
  }

 private:
  std::int64_t heads_;
  std::shared_ptr<Linear> qkv_, out_;
};

}  // namespace vlsm
