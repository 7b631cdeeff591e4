// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "vlsm/nn/low_rank.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/ops/packed/linear.hpp"

namespace vlsm {

/// A dense layer, y = x W^T + b, on the last dimension.
class Linear : public Module {
 public:
  Linear(int in, int out, bool bias = true)
      : out_(out),
        weight_(uniform("weight", {out, in}, 1 / std::sqrt(in))),
        bias_(bias ? uniform("bias", {out}, 1 / std::sqrt(in)) : at::Tensor{}) {}

  /// [..., in] -> [..., out]
  at::Tensor forward(at::Tensor const& x) const {
    if (packed()) return packed()->run(x);
    return changed(at::linear(x, weight_, bias_), x, 0);
  }

  /// The same and a residual: x [..., in], residual [..., out] -> [..., out]
  at::Tensor plus(at::Tensor const& x, at::Tensor const& residual) const {
    return packed() ? packed()->plus(x, residual) : forward(x) + residual;
  }

  /// Only the outputs from `first` on, `count` of them: [..., in] -> [..., count]
  at::Tensor rows(at::Tensor const& x, std::int64_t first, std::int64_t count) const {
    for (Packed const& part : packed_)
      if (part.first == first && part.count == count) return part.weights.run(x);
    if (packed()) return packed()->run(x).narrow(-1, first, count);
    at::Tensor const bias = bias_.defined() ? bias_.narrow(0, first, count) : bias_;
    return changed(at::linear(x, weight_.narrow(0, first, count), bias), x, first);
  }

  /// Adds a low-rank change of the outputs from `first` on, `count` of them, as child `name`.
  void change(std::string name, std::int64_t first, std::int64_t count, int rank, int alpha) {
    changes_.push_back(
        {first, child<LowRank>(std::move(name), weight_.size(1), count, rank, alpha)});
  }
  std::int64_t out() const { return out_; }

  /// What a prepared layer multiplies by; null before, and where it was prepared in parts.
  ops::PackedLinear const* packed() const {
    return packed_.size() == 1 && packed_[0].count == out_ ? &packed_[0].weights : nullptr;
  }
  /// When it is prepared, each of `count` equal stretches of the outputs is packed for itself,
  /// since `rows` asks for them one by one.
  void prepare_in_parts(std::int64_t count) { parts_ = count; }
  /// Multiplies weights by `weights` and biases by `biases`: how a constant factor of what stands
  /// before or behind this layer is folded into it before it is prepared.
  void scale(double weights, double biases) {
    merge_changes();
    weight_.set_data(weight_.detach() * weights);
    if (bias_.defined()) bias_.set_data(bias_.detach() * biases);
  }

  static constexpr long long parameter_count(long long in, long long out, bool bias = true) {
    return in * out + (bias ? out : 0);
  }

 private:
  struct Change {
    std::int64_t first;
    std::shared_ptr<LowRank> by;
  };

  struct Packed {
    std::int64_t first, count;  // of the outputs
    ops::PackedLinear weights;
  };

  void make_ready(Preparation const& how) override {
    merge_changes();
    if (!how.pack) return Module::make_ready(how);
    std::int64_t const count = out_ / parts_;
    for (std::int64_t first = 0; first < out_; first += count)
      packed_.push_back({first, count,
                         ops::PackedLinear(weight_.narrow(0, first, count),
                                           bias_.defined() ? bias_.narrow(0, first, count) : bias_,
                                           how.type, how.operand)});
    drop(weight_), drop(bias_);
  }

  // Low-rank changes become part of the weights.
  void merge_changes() {
    if (changes_.empty()) return;
    at::Tensor const merged = weight_.detach().clone();
    for (Change const& change : changes_)
      change.by->add_weight_to(merged.narrow(0, change.first, change.by->size()));
    weight_.set_data(merged);
    changes_.clear();
  }

  // y [..., n]: the outputs from `first` on
  at::Tensor changed(at::Tensor y, at::Tensor const& x, std::int64_t first) const {
    std::int64_t const end = first + y.size(-1);
    for (Change const& change : changes_) {
      std::int64_t const from = std::max(first, change.first),
                         to = std::min(end, change.first + change.by->size());
      if (from < to)
        change.by->add_to(y.narrow(-1, from - first, to - from), x, from - change.first, to - from);
    }
    return y;
  }

  std::int64_t out_, parts_ = 1;
  at::Tensor weight_, bias_;
  std::vector<Change> changes_;
  std::vector<Packed> packed_;
};

}  // namespace vlsm
