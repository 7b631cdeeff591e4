// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/support/check.hpp"
#include "vlsm/io/keys/reshape.hpp"
#include "vlsm/io/keys/schemes.hpp"
#include "vlsm/io/keys/translate.hpp"
#include "vlsm/models/clipseg.hpp"

namespace vlsm::bench {

/// A block, or a whole model, with the recipe's weights: those that its stored outputs were made
/// with.
///
/// @param slot what stands before the block's own names in a model ("vision."); "" for all of it
/// @param scheme whose keys the recipe is seeded with
template <class B>
std::shared_ptr<B> with_recipe_weights(std::string const& slot,
                                       io::KeyScheme const& scheme = io::hf_clipseg) {
  WithoutInitialization const unset;
  auto const block = std::make_shared<B>();
  auto const fill = [&](std::string const& name, at::Tensor tensor) {
    std::vector<at::Tensor> parts;
    for (io::Origin const& origin : io::origins_of(scheme, slot + name)) {
      at::Tensor const theirs = io::to_theirs(origin.rule, tensor);
      parts.push_back(
          io::to_ours(origin.rule.change, test::recipe_weight(origin.theirs, theirs.sizes())));
    }
    tensor.set_data((parts.size() == 1 ? parts[0] : at::cat(parts)).contiguous());
  };
  for (auto& item : block->named_parameters()) fill(item.key(), item.value());
  for (auto& item : block->named_buffers())
    if (item.value().is_floating_point()) fill(item.key(), item.value());
  block->eval();
  return block;
}

/// The one CLIPSeg that several files time.
inline Segmenter<ClipSeg> const& clipseg() {
  static auto const model = with_recipe_weights<Segmenter<ClipSeg>>("");
  return *model;
}

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
