// SPDX-License-Identifier: MIT
#pragma once

// g++ 12 takes members of LibTorch's optional scalars for uninitialized.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include "vlsm/base/compiled.hpp"
#include "vlsm/ops/packed/impl/onednn.hpp"
#include "vlsm/ops/packed/linear.hpp"

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
                                       at::ScalarType type)
    : weight_(weight.detach().to(type).contiguous()) {
  at::NoGradGuard const no_gradients;
  if (bias.defined()) bias_ = bias.detach().to(type).contiguous();
  auto const& operators = detail::LinearOperators::all();
  if (!operators.there() || !detail::onednn_takes(type) || !weight.is_cpu()) return;
  weight_ = operators.pack->call(weight_, std::nullopt);
  packed_ = true;
}

VLSM_INLINE at::Tensor PackedLinear::run(at::Tensor const& x, Epilogue then) const {
  if (!packed_ || x.numel() == 0) return detail::apply(then, at::linear(x, weight_, bias_));
  return detail::LinearOperators::all().run->call(x, weight_, detail::maybe(bias_),
                                                  detail::name_of(then), detail::Scalars(),
                                                  detail::variant_of(then));
}

VLSM_INLINE at::Tensor PackedLinear::plus(at::Tensor const& x, at::Tensor const& residual) const {
  if (!packed_ || x.numel() == 0) return at::linear(x, weight_, bias_) + residual;
  return detail::LinearOperators::all().plus->call(x, residual.contiguous(), weight_,
                                                   detail::maybe(bias_), "add");
}

}  // namespace vlsm::ops

#pragma GCC diagnostic pop
