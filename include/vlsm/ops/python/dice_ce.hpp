// SPDX-License-Identifier: MIT
#pragma once

#include <torch/csrc/autograd/autograd.h>
#include <torch/library.h>

#include <tuple>

#include "vlsm/base/error.hpp"
#include "vlsm/ops/segmentation_loss/dice.hpp"

namespace vlsm::ops::python {

/// The fused loss behind the operator.
using DiceCe = RegionLossOf<kernels::Dice, kernels::EntropyOfLogits>;

/// That loss with these weights of its two parts.
inline DiceCe dice_ce_of(double dice_weight, double ce_weight) {
  return {.region_weight = dice_weight, .term_weight = ce_weight};
}

/// Throws Error unless logits and target are of one shape [B, 1, H, W] (or another number of sizes
/// behind the channel) with at least one pixel.
inline void check_dice_ce(at::Tensor const& logits, at::Tensor const& target) {
  if (logits.dim() < 3 || logits.size(1) != 1 || logits.sizes() != target.sizes() ||
      logits.numel() == 0)
    throw Error("dice_ce takes one channel and masks of its shape",
                "logits " + shape_text(logits.sizes()) + ", target " + shape_text(target.sizes()),
                "pass both as [B, 1, H, W]");
}

/// The same weights for the composite, dice_ce_loss.
inline DiceCeOptions options_of(double dice_weight, double ce_weight) {
  return {.dice = {.squash = Squash::sigmoid}, .dice_weight = dice_weight, .ce_weight = ce_weight};
}

/// logits and target [B, 1, H, W] -> the value [], and the regions that the gradient follows from
/// (B of kernels::RegionLoss, as bytes; zeros where ATen computes). Throws Error for other shapes.
inline std::tuple<at::Tensor, at::Tensor> dice_ce_forward(at::Tensor const& logits,
                                                          at::Tensor const& target,
                                                          double dice_weight, double ce_weight) {
  check_dice_ce(logits, target);
  if (logits.is_cpu() && fuses(logits, target)) {
    auto const [value, regions] = fused_loss_forward(
        logits.contiguous(), ops::detail::mask_of(target), dice_ce_of(dice_weight, ce_weight));
    return {value, ops::detail::bytes_of(regions.data(), regions.size())};
  }
  return {dice_ce_loss(logits, target, options_of(dice_weight, ce_weight)),
          at::zeros({logits.size(0) * std::int64_t{sizeof(kernels::RegionLoss)}}, at::kByte)};
}

/// The gradient with respect to the logits [B, 1, H, W], from that with respect to the value [] and
/// the regions that the forward returned.
inline at::Tensor dice_ce_backward(at::Tensor const& grad, at::Tensor const& logits,
                                   at::Tensor const& target, at::Tensor const& regions,
                                   double dice_weight, double ce_weight) {
  if (logits.is_cpu() && fuses(logits, target))
    return fused_loss_backward(grad, logits.contiguous(), ops::detail::mask_of(target),
                               dice_ce_of(dice_weight, ce_weight),
                               static_cast<kernels::RegionLoss const*>(regions.const_data_ptr()));
  // Here, below autograd, the composite is derived by an autograd of its own.
  auto keys = c10::impl::tls_local_dispatch_key_set();
  keys.excluded_ = keys.excluded_ - c10::autograd_dispatch_keyset_with_ADInplaceOrView;
  c10::impl::ForceDispatchKeyGuard const above(keys);
  at::AutoGradMode const recorded(true);
  at::Tensor const leaf = logits.detach().requires_grad_(true);
  return torch::autograd::grad(
      {dice_ce_loss(leaf, target.detach(), options_of(dice_weight, ce_weight))}, {leaf}, {grad})[0];
}

/// The value [] alone, for logits and target [B, 1, H, W]. Throws Error for other shapes.
inline at::Tensor dice_ce_value(at::Tensor const& logits, at::Tensor const& target,
                                double dice_weight, double ce_weight) {
  return std::get<0>(dice_ce_forward(logits, target, dice_weight, ce_weight));
}

/// Type and device of the value for logits of any shape: float64 for float64, else float32.
inline at::TensorOptions value_options(at::Tensor const& logits) {
  return logits.options().dtype(logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}
/// For tracing: a value [] without data.
inline at::Tensor dice_ce_shape(at::Tensor const& logits, at::Tensor const&, double, double) {
  return at::empty({}, value_options(logits));
}
/// For tracing: a value [] and regions, bytes [B sizeof(kernels::RegionLoss)], without data.
inline std::tuple<at::Tensor, at::Tensor> dice_ce_forward_shapes(at::Tensor const& logits,
                                                                 at::Tensor const&, double,
                                                                 double) {
  constexpr std::int64_t bytes = sizeof(kernels::RegionLoss);
  return {at::empty({}, value_options(logits)),
          at::empty_symint({logits.sym_size(0) * bytes}, logits.options().dtype(at::kByte))};
}
/// For tracing: a gradient like the logits [B, 1, H, W], without data.
inline at::Tensor dice_ce_backward_shape(at::Tensor const&, at::Tensor const& logits,
                                         at::Tensor const&, at::Tensor const&, double, double) {
  return at::empty_symint(logits.sym_sizes(), logits.options());
}

/// Derives dice_ce by calls of the two operators, so that a tracer sees each of them.
class DiceCeFunction : public torch::autograd::Function<DiceCeFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, at::Tensor const& logits,
                            at::Tensor const& target, double dice_weight, double ce_weight) {
    at::AutoDispatchBelowADInplaceOrView const below;
    static auto const op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("vlsm::dice_ce_forward", "")
                               .typed<decltype(dice_ce_forward)>();
    auto const [value, regions] = op.call(logits, target, dice_weight, ce_weight);
    ctx->save_for_backward({logits, target, regions});
    ctx->saved_data["dice"] = dice_weight;
    ctx->saved_data["ce"] = ce_weight;
    return value;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    check_first_derivative("dice_ce");
    at::AutoDispatchBelowADInplaceOrView const below;
    static auto const op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("vlsm::dice_ce_backward", "")
                               .typed<decltype(dice_ce_backward)>();
    auto const saved = ctx->get_saved_variables();
    return {op.call(grads[0], saved[0], saved[1], saved[2], ctx->saved_data["dice"].toDouble(),
                    ctx->saved_data["ce"].toDouble()),
            {},
            {},
            {}};
  }
};

/// The operator where gradients are recorded: logits and target [B, 1, H, W] -> [].
inline at::Tensor dice_ce_autograd(at::Tensor const& logits, at::Tensor const& target,
                                   double dice_weight, double ce_weight) {
  return DiceCeFunction::apply(logits, target, dice_weight, ce_weight);
}

TORCH_LIBRARY_FRAGMENT(vlsm, m) {
  m.def(
      "dice_ce(Tensor logits, Tensor target, *, float dice_weight=1.0, float ce_weight=1.0) "
      "-> Tensor");
  m.def(
      "dice_ce_forward(Tensor logits, Tensor target, float dice_weight, float ce_weight) "
      "-> (Tensor, Tensor)");
  m.def(
      "dice_ce_backward(Tensor grad, Tensor logits, Tensor target, Tensor regions, "
      "float dice_weight, float ce_weight) -> Tensor");
}
TORCH_LIBRARY_IMPL(vlsm, CPU, m) {
  m.impl("dice_ce", dice_ce_value);
  m.impl("dice_ce_forward", dice_ce_forward);
  m.impl("dice_ce_backward", dice_ce_backward);
}
TORCH_LIBRARY_IMPL(vlsm, Meta, m) {
  m.impl("dice_ce", dice_ce_shape);
  m.impl("dice_ce_forward", dice_ce_forward_shapes);
  m.impl("dice_ce_backward", dice_ce_backward_shape);
}
TORCH_LIBRARY_IMPL(vlsm, Autograd, m) { m.impl("dice_ce", dice_ce_autograd); }

}  // namespace vlsm::ops::python
