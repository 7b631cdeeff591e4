// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "vlsm/base/compiled.hpp"
#include "vlsm/nn/synced_batch_norm.hpp"

namespace vlsm {

namespace detail {

/// [C] as it stands beside `x`, [B, C, …].
inline at::Tensor beside(at::Tensor const& per_channel, at::Tensor const& x) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = x.size(1);
  return per_channel.reshape(shape);
}

/// What is computed in: float32, for float64 that.
inline at::ScalarType computed_in(at::Tensor const& x) {
  return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

/// All dimensions but the channels.
inline std::vector<std::int64_t> all_but_channels(at::Tensor const& x) {
  std::vector<std::int64_t> dims;
  for (std::int64_t d = 0; d < x.dim(); ++d)
    if (d != 1) dims.push_back(d);
  return dims;
}

/// Statistics of a batch over all processes, float64.
struct BatchStatistics {
  at::Tensor mean, variance;  ///< [C], the variance of the population
  at::Tensor count;           ///< values a channel, a scalar
};

inline BatchStatistics batch_statistics(at::Tensor const& x, BatchSums& sums) {
  std::int64_t const channels = x.size(1);
  // Of this process alone first: a sum of squares over all of a batch would lose a small variance
  // beside a large mean in float32. What is left to add is exact enough in float64.
  auto [variance, mean] =
      at::var_mean(x.to(computed_in(x)), all_but_channels(x), at::Scalar(0), false);
  variance = variance.to(at::kDouble);
  mean = mean.to(at::kDouble);
  double const count = sums.counts() ? static_cast<double>(x.numel() / channels) : 0;
  at::Tensor all = at::cat(
      {mean * count, (variance + mean * mean) * count, at::full({1}, count, mean.options())});
  sums.all_reduce(all);
  at::Tensor const n = all[2 * channels];
  mean = all.slice(0, 0, channels) / n;
  variance = (all.slice(0, channels, 2 * channels) / n - mean * mean).clamp_min(0);
  return {mean, variance, n};
}

class SyncedBatchNorm : public torch::autograd::Function<SyncedBatchNorm> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, at::Tensor const& x,
                            at::Tensor const& weight, at::Tensor const& bias,
                            BatchStatistics const& statistics, double epsilon, BatchSums* sums) {
    at::ScalarType const type = computed_in(x);
    at::Tensor const inverse = (statistics.variance + epsilon).rsqrt(),
                     scale = inverse * weight.to(at::kDouble),
                     shift = bias.to(at::kDouble) - statistics.mean * scale;
    ctx->save_for_backward(
        {x, weight, statistics.mean.to(type), inverse.to(type), statistics.count});
    ctx->saved_data["sums"] = reinterpret_cast<std::int64_t>(sums);
    ctx->saved_data["counts"] = sums->counts();
    return (x.to(type) * beside(scale.to(type), x) + beside(shift.to(type), x)).to(x.scalar_type());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    auto const saved = ctx->get_saved_variables();
    at::Tensor const &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    at::ScalarType const type = computed_in(x);
    at::Tensor const dy = grads[0].to(type),
                     normed = (x.to(type) - beside(mean, x)) * beside(inverse, x);
    auto const dims = all_but_channels(x);
    at::Tensor const by_bias = dy.sum(dims, false, at::kDouble),
                     by_weight = (dy * normed).sum(dims, false, at::kDouble);
    at::Tensor dx;
    if (ctx->needs_input_grad(0)) {
      at::Tensor both = at::cat({by_bias, by_weight});
      reinterpret_cast<BatchSums*>(ctx->saved_data["sums"].toInt())->all_reduce(both);
      both = (both / saved[4]).to(type);
      std::int64_t const channels = x.size(1);
      // A row that stands in moved no statistic, so through it flows nothing.
      dx = !ctx->saved_data["counts"].toBool() ? at::zeros_like(x)
                                               : ((dy - beside(both.slice(0, 0, channels), x) -
                                                   normed * beside(both.slice(0, channels), x)) *
                                                  beside(inverse * weight.to(type), x))
                                                     .to(x.scalar_type());
    }
    return {dx, by_weight.to(weight.scalar_type()), by_bias.to(weight.scalar_type()), {}, {}, {}};
  }
};

}  // namespace detail

VLSM_INLINE at::Tensor synced_batch_norm(at::Tensor const& x, BatchNormState const& state,
                                         BatchSums& sums, bool& moved) {
  detail::BatchStatistics statistics;
  {
    at::NoGradGuard const no_grad;
    statistics = detail::batch_statistics(x, sums);
    // Only one value here: whether there are others is known on the device alone.
    moved = x.numel() > x.size(1) || statistics.count.item<double>() > 1;
    if (moved) {
      at::Tensor const unbiased = statistics.variance * (statistics.count / (statistics.count - 1));
      at::Tensor(state.mean).lerp_(statistics.mean.to(state.mean.scalar_type()), state.momentum);
      at::Tensor(state.variance).lerp_(unbiased.to(state.variance.scalar_type()), state.momentum);
    }
  }
  if (!moved)
    return at::batch_norm(x, state.weight, state.bias, state.mean, state.variance, false,
                          state.momentum, state.epsilon, false);
  return detail::SyncedBatchNorm::apply(x, state.weight, state.bias, statistics, state.epsilon,
                                        &sums);
}

}  // namespace vlsm
