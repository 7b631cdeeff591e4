// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "vlsm/nn/low_rank.hpp"

namespace vlsm {

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

}  // namespace vlsm
