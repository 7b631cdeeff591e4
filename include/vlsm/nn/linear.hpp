// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "vlsm/nn/dropout.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/ops/add_norm/add_norm.hpp"

namespace vlsm {

/// A low-rank change of some outputs of a linear layer (LoRA, Hu et al. 2022): alpha / rank times
/// x down^T up^T is added to them. `up` starts at 0, so a fresh one changes nothing.
class LowRank : public Adaptation {
 public:
  LowRank(std::int64_t in, std::int64_t out, std::int64_t rank, double alpha)
      : scale_(alpha / static_cast<double>(rank)),
        down_(uniform("down", {rank, in}, 1 / std::sqrt(in))),
        up_(constant("up", {out, rank}, 0)) {}

  std::int64_t size() const { return up_.size(0); }

  /// Adds the change of outputs `first` … `first + count` to y: x [..., in], y [..., count].
  void add_to(at::Tensor y, at::Tensor const& x, std::int64_t first, std::int64_t count) const {
    y.add_(at::linear(at::linear(x, down_), up_.narrow(0, first, count)), scale_);
  }

  static constexpr long long parameter_count(long long in, long long out, long long rank) {
    return rank * (in + out);
  }

 private:
  double scale_;
  at::Tensor down_, up_;
};

/// y = x W^T + b on the last dimension. The one place where the library multiplies by a dense
/// weight.
class Linear : public Module {
 public:
  Linear(int in, int out, bool bias = true)
      : weight_(uniform("weight", {out, in}, 1 / std::sqrt(in))),
        bias_(bias ? uniform("bias", {out}, 1 / std::sqrt(in)) : at::Tensor{}) {}

  /// [..., in] -> [..., out]
  at::Tensor forward(at::Tensor const& x) const {
    return changed(at::linear(x, weight_, bias_), x, 0);
  }

  /// Only the outputs from `first` on, `count` of them: [..., in] -> [..., count]
  at::Tensor rows(at::Tensor const& x, std::int64_t first, std::int64_t count) const {
    at::Tensor const bias = bias_.defined() ? bias_.narrow(0, first, count) : bias_;
    return changed(at::linear(x, weight_.narrow(0, first, count), bias), x, first);
  }

  /// Adds a low-rank change of the outputs from `first` on, `count` of them, as child `name`.
  void change(std::string name, std::int64_t first, std::int64_t count, int rank, int alpha) {
    changes_.push_back(
        {first, child<LowRank>(std::move(name), weight_.size(1), count, rank, alpha)});
  }
  std::int64_t out() const { return weight_.size(0); }

  static constexpr long long parameter_count(long long in, long long out, bool bias = true) {
    return in * out + (bias ? out : 0);
  }

 private:
  struct Change {
    std::int64_t first;
    std::shared_ptr<LowRank> by;
  };

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

  at::Tensor weight_;
  at::Tensor bias_;
  std::vector<Change> changes_;
};

/// Layer normalization over the last dimension.
class LayerNorm : public Module {
 public:
  /// `eps_digits`: the epsilon is 10^-eps_digits (CLIP 5, timm 6, BERT 12; an integer, since
  /// configurations are template values and clang 14 takes no floating ones).
  LayerNorm(int width, int eps_digits, Backend backend = Backend::fused)
      : width_(width),
        backend_(backend),
        epsilon_(std::pow(10.0, -eps_digits)),
        weight_(constant("weight", {width}, 1)),
        bias_(constant("bias", {width}, 0)) {}

  /// [..., width] -> [..., width]
  at::Tensor forward(at::Tensor const& x) const {
    return at::layer_norm(x, width_, weight_, bias_, epsilon_);
  }

  /// Behind a residual connection: x, of which `dropout` drops a share, + residual, and the norm of
  /// that sum; all [..., width].
  ops::AddNormResult of_sum(at::Tensor const& x, at::Tensor const& residual,
                            double dropout = 0) const {
    return ops::add_norm(x, residual, weight_, bias_, options(dropout), backend_);
  }

  /// The same where nobody reads the sum.
  at::Tensor of_sum_alone(at::Tensor const& x, at::Tensor const& residual) const {
    return ops::norm_of_sum(x, residual, weight_, bias_, options(0), backend_);
  }

  static constexpr long long parameter_count(long long width) { return 2 * width; }

 private:
  ops::AddNormOptions options(double dropout) const {
    return {.epsilon = epsilon_, .dropout = dropout, .seed = dropout > 0 ? fresh_seed() : 0};
  }

  std::int64_t width_;
  Backend backend_;
  double epsilon_;
  at::Tensor weight_, bias_;
};

}  // namespace vlsm
