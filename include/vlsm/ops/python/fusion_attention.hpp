// SPDX-License-Identifier: MIT
#pragma once

#include <torch/library.h>

#include <tuple>

#include "vlsm/ops/attention/impl/attention.hpp"

namespace vlsm::ops::python {

/// An operator's optional tensor.
using Maybe = std::optional<at::Tensor>;

/// The arguments of the operators as options; lengths are int32 [B].
inline AttentionOptions options_of(Maybe const& lengths, std::optional<double> scale,
                                   double dropout, std::int64_t seed, std::int64_t offset) {
  return {.lengths = lengths.value_or(at::Tensor()),
          .scale = scale,
          .dropout = dropout,
          .seed = seed,
          .offset = offset};
}
/// A tensor of any shape, or nothing where it is undefined.
inline Maybe maybe(at::Tensor const& x) { return x.defined() ? Maybe(x) : std::nullopt; }

/// The forward as an operator of its own, which a tracer sees: q [B, Nq, H, D], k and v
/// [B, Nk, H, D] -> the result [B, Nq, H, D] and the log-sum-exp [B, H, Nq]. Throws Error for
/// shapes or types that do not fit each other.
inline std::tuple<at::Tensor, at::Tensor> attention_forward(
    at::Tensor const& q, at::Tensor const& k, at::Tensor const& v, Maybe const& lengths,
    double scale, double dropout, std::int64_t seed, std::int64_t offset) {
  return fused_attention_forward(q, k, v, options_of(lengths, scale, dropout, seed, offset), true);
}
/// The backward as an operator of its own: gradients with respect to q, k and v, contiguous, of
/// their shapes, from that with respect to the result [B, Nq, H, D].
inline std::tuple<at::Tensor, at::Tensor, at::Tensor> attention_backward(
    at::Tensor const& grad_out, at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
    at::Tensor const& out, at::Tensor const& lse, Maybe const& lengths, double scale,
    double dropout, std::int64_t seed, std::int64_t offset) {
  auto const [grad_q, grad_k, grad_v] = fused_attention_backward(
      grad_out, q, k, v, out, lse, options_of(lengths, scale, dropout, seed, offset));
  return {grad_q.contiguous(), grad_k.contiguous(), grad_v.contiguous()};
}

/// A tensor of x's type and shape (any shape) for tracing.
inline at::Tensor like(at::Tensor const& x) { return at::empty_symint(x.sym_sizes(), x.options()); }

/// For tracing: a result [B, Nq, H, D] and a log-sum-exp [B, H, Nq], without data.
inline std::tuple<at::Tensor, at::Tensor> attention_forward_shapes(at::Tensor const& q,
                                                                   at::Tensor const&,
                                                                   at::Tensor const&, Maybe const&,
                                                                   double, double, std::int64_t,
                                                                   std::int64_t) {
  auto const precision = q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return {like(q), at::empty_symint({q.sym_size(0), q.sym_size(2), q.sym_size(1)},
                                    q.options().dtype(precision))};
}
/// For tracing: gradients like q [B, Nq, H, D], k and v [B, Nk, H, D], without data.
inline std::tuple<at::Tensor, at::Tensor, at::Tensor> attention_backward_shapes(
    at::Tensor const&, at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
    at::Tensor const&, at::Tensor const&, Maybe const&, double, double, std::int64_t,
    std::int64_t) {
  return {like(q), like(k), like(v)};
}

/// The two halves for FusedAttention, called as operators through PyTorch's dispatcher.
struct DispatchedCalls {
  static std::pair<at::Tensor, at::Tensor> forward(at::Tensor const& q, at::Tensor const& k,
                                                   at::Tensor const& v,
                                                   AttentionOptions const& options) {
    at::AutoDispatchBelowADInplaceOrView const below;
    static auto const op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("vlsm::fusion_attention_forward", "")
                               .typed<decltype(attention_forward)>();
    auto [out, lse] = op.call(q, k, v, maybe(options.lengths), options.scale_of(q), options.dropout,
                              options.seed, options.offset);
    return {out, lse};
  }
  static std::array<at::Tensor, 3> backward(at::Tensor const& grad_out, at::Tensor const& q,
                                            at::Tensor const& k, at::Tensor const& v,
                                            at::Tensor const& out, at::Tensor const& lse,
                                            AttentionOptions const& options) {
    at::AutoDispatchBelowADInplaceOrView const below;
    static auto const op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("vlsm::fusion_attention_backward", "")
                               .typed<decltype(attention_backward)>();
    auto [grad_q, grad_k, grad_v] =
        op.call(grad_out, q, k, v, out, lse, maybe(options.lengths), options.scale_of(q),
                options.dropout, options.seed, options.offset);
    return {grad_q, grad_k, grad_v};
  }
};

/// The operator where no gradients are recorded:
/// q [B, Nq, H, D], k and v [B, Nk, H, D] -> [B, Nq, H, D]. Throws Error for
/// shapes or types that do not fit each other.
inline at::Tensor attention(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                            Maybe const& lengths, std::optional<double> scale, double dropout,
                            std::int64_t seed, std::int64_t offset) {
  return fused_attention_forward(q, k, v, options_of(lengths, scale, dropout, seed, offset), false)
      .first;
}
/// For tracing: a result like q [B, Nq, H, D], without data.
inline at::Tensor attention_shape(at::Tensor const& q, at::Tensor const&, at::Tensor const&,
                                  Maybe const&, std::optional<double>, double, std::int64_t,
                                  std::int64_t) {
  return like(q);
}
/// The operator where gradients are recorded:
/// q [B, Nq, H, D], k and v [B, Nk, H, D] -> [B, Nq, H, D].
inline at::Tensor attention_autograd(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                                     Maybe const& lengths, std::optional<double> scale,
                                     double dropout, std::int64_t seed, std::int64_t offset) {
  return FusedAttention<DispatchedCalls>::apply(q, k, v,
                                                options_of(lengths, scale, dropout, seed, offset));
}

TORCH_LIBRARY_FRAGMENT(vlsm, m) {
  m.def(
      "fusion_attention(Tensor q, Tensor k, Tensor v, Tensor? lengths=None, *, float? scale=None, "
      "float dropout=0.0, int seed=0, int offset=0) -> Tensor");
  m.def(
      "fusion_attention_forward(Tensor q, Tensor k, Tensor v, Tensor? lengths, float scale, "
      "float dropout, int seed, int offset) -> (Tensor, Tensor)");
  m.def(
      "fusion_attention_backward(Tensor grad_out, Tensor q, Tensor k, Tensor v, Tensor out, "
      "Tensor lse, "
      "Tensor? lengths, float scale, float dropout, int seed, int offset) "
      "-> (Tensor, Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(vlsm, CPU, m) {
  m.impl("fusion_attention", attention);
  m.impl("fusion_attention_forward", attention_forward);
  m.impl("fusion_attention_backward", attention_backward);
}
#ifdef VLSM_KERNELS
TORCH_LIBRARY_IMPL(vlsm, CUDA, m) {
  m.impl("fusion_attention", attention);
  m.impl("fusion_attention_forward", attention_forward);
  m.impl("fusion_attention_backward", attention_backward);
}
#endif
TORCH_LIBRARY_IMPL(vlsm, Meta, m) {
  m.impl("fusion_attention", attention_shape);
  m.impl("fusion_attention_forward", attention_forward_shapes);
  m.impl("fusion_attention_backward", attention_backward_shapes);
}
TORCH_LIBRARY_IMPL(vlsm, Autograd, m) { m.impl("fusion_attention", attention_autograd); }

}  // namespace vlsm::ops::python
