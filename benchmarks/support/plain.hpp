// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace vlsm::bench {

/// A block's weights as double, by name, for the plain computations that results are checked
/// against.
class Weights {
 public:
  explicit Weights(torch::nn::Module const& block) {
    for (auto const& item : block.named_parameters())
      values_.emplace(item.key(), item.value().detach().to(at::kDouble));
  }
  at::Tensor const& operator[](std::string const& name) const { return values_.at(name); }

  /// x W^T + b
  at::Tensor linear(at::Tensor const& x, std::string const& name) const {
    return at::matmul(x, values_.at(name + ".weight").t()) + values_.at(name + ".bias");
  }
  at::Tensor norm(at::Tensor const& x, std::string const& name, double eps = 1e-5) const {
    at::Tensor const centered = x - x.mean(-1, true);
    at::Tensor const variance = (centered * centered).mean(-1, true);
    return centered / (variance + eps).sqrt() * values_.at(name + ".weight") +
           values_.at(name + ".bias");
  }
  /// Self-attention, written out; `causal`: a token sees itself and those before it.
  at::Tensor attention(at::Tensor const& x, std::string const& name, std::int64_t heads,
                       bool causal) const {
    auto const batch = x.size(0), count = x.size(1), width = x.size(2), each = width / heads;
    std::vector<at::Tensor> const qkv = linear(x, name + ".qkv").split(width, -1);
    auto const split = [&](at::Tensor const& t) {
      return t.reshape({batch, count, heads, each}).transpose(1, 2);  // [B, heads, N, each]
    };
    at::Tensor scores = at::matmul(split(qkv[0]), split(qkv[1]).transpose(2, 3)) /
                        std::sqrt(static_cast<double>(each));
    if (causal) {
      at::Tensor const later = at::ones({count, count}, at::kBool).triu(1);
      scores = scores.masked_fill(later, -std::numeric_limits<double>::infinity());
    }
    at::Tensor const mixed = at::matmul(at::softmax(scores, -1), split(qkv[2]));
    return linear(mixed.transpose(1, 2).reshape({batch, count, width}), name + ".out");
  }

 private:
  std::map<std::string, at::Tensor> values_;
};

}  // namespace vlsm::bench
