// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "vlsm/nn/attention.hpp"
#include "vlsm/nn/conv_block.hpp"
#include "vlsm/nn/positions.hpp"

namespace vlsm {

/// CLIP's attention pool as CRIS keeps it: no class token, every cell looks at every cell, and the
/// map stays a map. `connect` carries the input past the attention; CLIP's own files have none.
class AttentionPool : public Module {
 public:
  /// `grid`: cells a side that the position table was trained for.
  AttentionPool(int in, int grid, int heads, int out)
      : positions_(normal("positions", {1 + grid * grid, in}, 1 / std::sqrt(in))),
        attention_(
            child<Attention>("attn", AttentionConfig{.width = in, .heads = heads, .out = out})),
        connect_(child<ConvNorm>("connect", conv1x1(in, out))) {}

  /// [B, in, h, w] -> [B, out, h, w]
  at::Tensor forward(at::Tensor const& x) const {
    at::Tensor const positions = resize_position_table(positions_, x.size(2), x.size(3));
    at::Tensor const cells = x.flatten(2).transpose(1, 2) + positions.slice(0, 1);  // [B, hw, in]
    at::Tensor const mixed = attention_->forward(cells).transpose(1, 2);
    return connect_->plus_relu(x, mixed.reshape({x.size(0), -1, x.size(2), x.size(3)}));
  }

  /// CLIP's own use: the mean of the cells looks at itself and all cells, [B, in, h, w] ->
  /// [B, out]. `connect` is not part of it.
  at::Tensor embed(at::Tensor const& x) const {
    at::Tensor const cells = x.flatten(2).transpose(1, 2);
    at::Tensor const tokens = at::cat({cells.mean(1, true), cells}, 1) +
                              resize_position_table(positions_, x.size(2), x.size(3));
    return attention_->forward(tokens.slice(1, 0, 1), tokens, tokens).squeeze(1);
  }

  static constexpr long long parameter_count(int in, int grid, int out) {
    return 1LL * (1 + grid * grid) * in + Attention::parameter_count(in, out) +
           ConvNorm::parameter_count(conv1x1(in, out));
  }
  static constexpr long long flops(int in, int out, long long cells) {
    return Attention::flops(in, cells, cells, out) + linear_flops(cells, in, out);
  }

 private:
  at::Tensor positions_;
  std::shared_ptr<Attention> attention_;
  std::shared_ptr<ConvNorm> connect_;
};

}  // namespace vlsm
