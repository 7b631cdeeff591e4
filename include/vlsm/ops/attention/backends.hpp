// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <limits>
#include <optional>
#include <tuple>

#include "vlsm/kernels/common/philox.hpp"
#include "vlsm/ops/attention/options.hpp"
#include "vlsm/ops/cuda_state.hpp"

// The same attention by other implementations: references for the fused one, and what it is
// measured against. All of them throw Error where `check_attention` does.
namespace vlsm::ops {

namespace detail {

/// [B, 1, 1, Nk] bool, true where a key counts; undefined where all do.
inline at::Tensor counting_keys(at::Tensor const& k, AttentionOptions const& options) {
  if (!options.lengths.defined()) return {};
  at::Tensor const position = at::arange(k.size(1), options.lengths.options());
  return (position.unsqueeze(0) < options.lengths.unsqueeze(1)).view({k.size(0), 1, 1, -1});
}

/// What Philox keeps of the weights [B, H, Nq, Nk]: 1 / (1 - dropout) or 0.
inline at::Tensor kept_weights(at::Tensor const& weights, AttentionOptions const& options) {
  kernels::DropoutMask const dropout{static_cast<std::uint64_t>(options.seed),
                                     static_cast<std::uint64_t>(options.offset),
                                     kernels::dropout_threshold(options.dropout)};
  at::Tensor const kept = at::empty(weights.sizes(), at::kFloat);
  float* const values = kept.mutable_data_ptr<float>();
  std::int64_t const keys = weights.size(3);
  kernels::ScoreMask const mask(dropout);
  for (std::int64_t i = 0; i < kept.numel(); ++i)
    values[i] = mask.keeps(static_cast<std::uint32_t>(i / keys), static_cast<int>(i % keys))
                    ? static_cast<float>(1 / (1 - options.dropout))
                    : 0.0f;
  return kept.to(weights.options());
}

}  // namespace detail

/// q [B, Nq, H, D], k and v [B, Nk, H, D] -> [B, Nq, H, D], by two batched matrix
/// products and a softmax: the definition, with all weights in memory.
inline at::Tensor attention_by_products(at::Tensor const& q, at::Tensor const& k,
                                        at::Tensor const& v, AttentionOptions const& options) {
  check_attention(q, k, v, options);
  at::Tensor scores = at::matmul(q.transpose(1, 2) * options.scale_of(q),
                                 k.permute({0, 2, 3, 1}));  // [B, H, Nq, Nk]
  if (at::Tensor const counts = detail::counting_keys(k, options); counts.defined())
    scores = scores.masked_fill(counts.logical_not(), -std::numeric_limits<double>::infinity());
  at::Tensor weights = at::softmax(scores, -1);
  if (options.lengths.defined())  // rows without keys, and no others that are not numbers
    weights = weights.masked_fill((options.lengths <= 0).view({-1, 1, 1, 1}), 0.0);
  if (options.dropout > 0) weights = weights * detail::kept_weights(weights, options);
  return at::matmul(weights, v.transpose(1, 2)).transpose(1, 2);
}

/// q [B, H, Nq, D], k and v [B, H, Nk, D] -> [B, H, Nq, D], by what PyTorch's
/// scaled_dot_product_attention chooses, or on a GPU after `deterministic()` by its products:
/// there the derivatives of its fused kernels are not the same bits each time. `counts` is bool,
/// true where a key counts; of a shape that goes with [B, H, Nq, Nk].
inline at::Tensor scaled_attention(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                                   std::optional<at::Tensor> const& counts, double dropout,
                                   bool causal, std::optional<double> scale = std::nullopt) {
  if (needs_deterministic_gradient(q) || needs_deterministic_gradient(k) ||
      needs_deterministic_gradient(v)) {
    // An autocast would round between the products, which its derivative does not expect.
    c10::impl::ExcludeDispatchKeyGuard const as_given(c10::autocast_dispatch_keyset);
    auto const type = q.scalar_type();
    return std::get<0>(at::_scaled_dot_product_attention_math(
        q, k.to(type), v.to(type), counts, dropout, causal, std::nullopt, scale));
  }
  return at::scaled_dot_product_attention(q, k, v, counts, dropout, causal, scale);
}

/// q [B, Nq, H, D], k and v [B, Nk, H, D] -> [B, Nq, H, D], by what PyTorch's
/// scaled_dot_product_attention chooses. It draws dropout by itself, whatever the seed.
inline at::Tensor attention_by_aten(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                                    AttentionOptions const& options) {
  check_attention(q, k, v, options);
  std::optional<at::Tensor> counts;
  if (options.lengths.defined()) counts = detail::counting_keys(k, options);
  at::Tensor const mixed =
      scaled_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), counts,
                       options.dropout, /*causal=*/false, options.scale_of(q));
  return mixed.transpose(1, 2);
}

/// q [B, Nq, H, D], k and v [B, Nk, H, D] -> [B, Nq, H, D], by cuDNN: float16 or
/// bfloat16 on a GPU. Throws Error for other types and devices.
inline at::Tensor attention_by_cudnn(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                                     AttentionOptions const& options) {
  check_attention(q, k, v, options);
  bool const half = q.scalar_type() == at::kHalf || q.scalar_type() == at::kBFloat16;
  if (!q.is_cuda() || !half)
    throw Error("cuDNN's attention needs a GPU and float16 or bfloat16",
                "fusion_attention: q " + shape_text(q.sizes()) + " of " +
                    at::toString(q.scalar_type()) + " on " + q.device().str(),
                "choose Backend::fused");
  std::optional<at::Tensor> bias;
  if (options.lengths.defined())
    bias = at::zeros({q.size(0), 1, q.size(1), k.size(1)}, q.options())
               .masked_fill(detail::counting_keys(k, options).logical_not(),
                            -std::numeric_limits<double>::infinity());
  auto const result = at::_scaled_dot_product_cudnn_attention(
      q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), bias,
      /*compute_log_sumexp=*/true, options.dropout, /*is_causal=*/false,
      /*return_debug_mask=*/false, options.scale_of(q));
  return std::get<0>(result).transpose(1, 2);
}

}  // namespace vlsm::ops
