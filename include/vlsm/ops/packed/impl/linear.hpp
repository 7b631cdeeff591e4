// SPDX-License-Identifier: MIT
#pragma once

// g++ 12 takes members of LibTorch's optional scalars for uninitialized.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include <algorithm>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/kernels/linear/cpu.hpp"
#include "vlsm/kernels/linear/pack_weights.hpp"
#include "vlsm/ops/launch.hpp"
#include "vlsm/ops/packed/impl/onednn.hpp"
#include "vlsm/ops/packed/linear.hpp"
#include "vlsm/ops/parallel.hpp"

namespace vlsm::ops {

namespace detail {

/// The three operators that a packed dense layer is made of.
struct LinearOperators {
  std::optional<
      c10::TypedOperatorHandle<at::Tensor(at::Tensor const&, std::optional<std::int64_t>)>>
      pack = find_operator<at::Tensor(at::Tensor const&, std::optional<std::int64_t>)>(
          "mkldnn::_reorder_linear_weight");
  using Run = at::Tensor(at::Tensor const&, at::Tensor const&, std::optional<at::Tensor> const&,
                         std::string_view, Scalars, std::optional<std::string_view>);
  std::optional<c10::TypedOperatorHandle<Run>> run =
      find_operator<Run>("mkldnn::_linear_pointwise");
  using Plus = at::Tensor(at::Tensor const&, at::Tensor const&, at::Tensor const&,
                          std::optional<at::Tensor> const&, std::string_view);
  std::optional<c10::TypedOperatorHandle<Plus>> plus =
      find_operator<Plus>("mkldnn::_linear_pointwise", "binary");

  bool there() const { return pack && run && plus; }
  static LinearOperators const& all() {
    static LinearOperators const operators;
    return operators;
  }
};

}  // namespace detail

VLSM_INLINE PackedLinear::PackedLinear(at::Tensor const& weight, at::Tensor const& bias,
                                       at::ScalarType type, Operand operand)
    : weight_(weight.detach().to(type).contiguous()), in_(weight.size(1)), out_(weight.size(0)) {
  at::NoGradGuard const no_gradients;
  if (bias.defined()) bias_ = bias.detach().to(type).contiguous();
  if (!weight.is_cpu() || weight.numel() == 0) return;
  bool const vectors = kernels::cpu::best_isa() != kernels::cpu::Isa::base;
  if (type == at::kFloat && (vectors || operand != Operand::fp32)) {
    order_ = Order::own, operand_ = operand;
    pack_own();
    return;
  }
  auto const& operators = detail::LinearOperators::all();
  if (!operators.there() || !detail::onednn_takes(type)) return;
  weight_ = operators.pack->call(weight_, std::nullopt);
  order_ = Order::onednn;
}

VLSM_INLINE void PackedLinear::pack_own() {
  using namespace kernels::cpu;
  std::int64_t const columns = in_panels(out_), inner = kernels::cpu::words(in_, operand_);
  at::Tensor const packed = at::empty({columns, inner}, weight_.options()),
                   bias = at::zeros({columns}, weight_.options()), units = at::zeros_like(bias);
  detail::prefer_huge_pages(packed);
  parallel_for(columns / panel, 1, [&](std::int64_t first, std::int64_t last) {
    std::int64_t const row = first * panel;
    kernels::pack_weights(packed.mutable_data_ptr<float>() + row * inner,
                          units.mutable_data_ptr<float>() + row,
                          weight_.const_data_ptr<float>() + row * in_,
                          std::min(last * panel, out_) - row, in_, operand_);
  });
  if (bias_.defined()) bias.narrow(0, 0, out_).copy_(bias_);
  weight_ = packed, bias_ = bias, units_ = units;
}

VLSM_INLINE at::Tensor PackedLinear::run_own(at::Tensor const& x, at::Tensor const& residual,
                                             Epilogue then) const {
  at::Tensor const rows = x.contiguous(),
                   more = residual.defined() ? residual.contiguous() : residual;
  std::vector<std::int64_t> sizes = x.sizes().vec();
  sizes.back() = out_;
  at::Tensor const y = at::empty(sizes, x.options());
  if (y.numel() == 0) return y;
  detail::prefer_huge_pages(y);
  kernels::Linear const c{.x = rows.const_data_ptr<float>(),
                          .weight = weight_.const_data_ptr<float>(),
                          .units = units_.const_data_ptr<float>(),
                          .bias = bias_.const_data_ptr<float>(),
                          .residual = more.defined() ? more.const_data_ptr<float>() : nullptr,
                          .y = y.mutable_data_ptr<float>(),
                          .rows = x.numel() / in_,
                          .in = in_,
                          .out = out_,
                          .operand = operand_,
                          .then = then};
  kernels::LinearPlan const plan(c, detail::threads_for(c.rows * in_ * out_));
  parallel_for(plan.tasks(), 1, [&](std::int64_t first, std::int64_t last) {
    kernels::run_linear(c, plan, first, last, detail::thread_scratch(plan.scratch()));
  });
  return y;
}

VLSM_INLINE void PackedLinear::check_input(at::Tensor const& x) const {
  if (x.dim() < 1 || x.size(-1) != in_)
    throw Error("the rows do not fit the weights", "dense layer: " + shape_text(x.sizes()),
                "pass [..., " + std::to_string(in_) + "]");
}

VLSM_INLINE at::Tensor PackedLinear::run(at::Tensor const& x, Epilogue then) const {
  check_input(x);
  if (order_ == Order::own) return run_own(x, {}, then);
  if (order_ != Order::onednn || x.numel() == 0)
    return detail::apply(then, at::linear(x, weight_, bias_));
  return detail::LinearOperators::all().run->call(x, weight_, detail::maybe(bias_),
                                                  detail::name_of(then), detail::Scalars(),
                                                  detail::variant_of(then));
}

VLSM_INLINE at::Tensor PackedLinear::plus(at::Tensor const& x, at::Tensor const& residual,
                                          Epilogue then) const {
  check_input(x);
  std::vector<std::int64_t> sizes = x.sizes().vec();
  sizes.back() = out_;
  if (residual.sizes() != sizes) return detail::apply(then, run(x, Epilogue::none) + residual);
  if (order_ == Order::own) return run_own(x, residual, then);
  if (order_ != Order::onednn || x.numel() == 0)
    return detail::apply(then, at::linear(x, weight_, bias_) + residual);
  return detail::apply(then, detail::LinearOperators::all().plus->call(
                                 x, residual.contiguous(), weight_, detail::maybe(bias_), "add"));
}

}  // namespace vlsm::ops

#pragma GCC diagnostic pop
