// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/kernels/add_norm/cpu.hpp"
#include "vlsm/ops/add_norm/add_norm.hpp"
#include "vlsm/ops/check.hpp"
#include "vlsm/ops/launch.hpp"
#include "vlsm/ops/parallel.hpp"

namespace vlsm::ops {

namespace detail {

inline void check_add_norm(at::Tensor const& x, at::Tensor const& residual,
                           at::Tensor const& weight, at::Tensor const& bias, double dropout) {
  std::string const shapes = "add_norm: x " + shape_text(x.sizes()) + ", residual " +
                             shape_text(residual.sizes()) + ", weight " +
                             shape_text(weight.sizes()) + ", bias " + shape_text(bias.sizes());
  if (x.dim() == 0 || x.sizes() != residual.sizes())
    throw Error("summands of different shapes", shapes, "pass both as [..., C]");
  if (weight.dim() != 1 || weight.sizes() != bias.sizes() || weight.size(0) != x.size(-1))
    throw Error("weight or bias do not fit the rows", shapes, "pass both as [C]");
  if (!(dropout >= 0 && dropout < 1))
    throw Error("the dropout is no share below 1", "add_norm: " + std::to_string(dropout),
                "pass 0 to switch it off");
}

inline AddNormResult add_norm_by_aten(at::Tensor const& x, at::Tensor const& residual,
                                      at::Tensor const& weight, at::Tensor const& bias,
                                      AddNormOptions const& options) {
  at::Tensor const sum = at::dropout(x, options.dropout, options.dropout > 0) + residual;
  return {at::layer_norm(sum, weight.sizes(), weight, bias, options.epsilon), sum};
}

inline kernels::AddNormShape add_norm_shape(at::Tensor const& x, at::ScalarType sum,
                                            at::ScalarType residual, at::Tensor const& weight) {
  std::int64_t const columns = x.size(-1);
  return {x.numel() / columns, static_cast<int>(columns), element_of(sum),
          element_of(x),       element_of(residual),      element_of(weight)};
}

/// Whether the kernels take these: numbers of types that go together, on one device.
inline bool add_norm_takes(at::Tensor const& x, at::Tensor const& residual,
                           at::Tensor const& weight, at::Tensor const& bias) {
  if (x.numel() == 0 || !same_kind(weight, bias)) return false;
  for (at::Tensor const* one : {&x, &residual, &weight})
    if (!kernels_reach(*one) || one->device() != x.device()) return false;
  auto const sum = at::promote_types(x.scalar_type(), residual.scalar_type());
  // float16 and bfloat16 make a float that is neither's: left to ATen.
  if (sum != x.scalar_type() && sum != residual.scalar_type()) return false;
  return weight.scalar_type() == at::kFloat || weight.scalar_type() == sum;
}

inline kernels::AddNormDropout add_norm_dropout(AddNormOptions const& options) {
  return {{static_cast<std::uint64_t>(options.seed), static_cast<std::uint64_t>(options.offset),
           kernels::dropout_threshold(options.dropout)},
          static_cast<float>(1 / (1 - options.dropout))};
}

/// What the backward needs beside the weight.
struct NormedRows {
  at::Tensor z, mean, inverse_deviation;
};

/// Shares `count` tasks of `each` numbers among threads: work(first, last, scratch).
template <class Work>
void each_rows(kernels::AddNormShape const& shape, std::int64_t count, std::int64_t each,
               Work const& work) {
  parallel_for(count, grain_for(each), [&](std::int64_t first, std::int64_t last) {
    at::Tensor const scratch =
        at::empty({kernels::cpu::add_norm_scratch(shape)}, at::TensorOptions(at::kFloat));
    work(first, last, scratch.mutable_data_ptr<float>());
  });
}

/// The norm, and what is wanted of `rows`, whose tensors are there or not.
inline at::Tensor add_norm_forward(at::Tensor const& x, at::Tensor const& residual,
                                   at::Tensor const& weight, at::Tensor const& bias,
                                   AddNormOptions const& options, NormedRows const& rows) {
  auto const sum = at::promote_types(x.scalar_type(), residual.scalar_type());
  at::Tensor const y = fresh_like(x, sum);
  kernels::AddNormForward const a{
      .shape = add_norm_shape(x, sum, residual.scalar_type(), weight),
      .x = x.const_data_ptr(),
      .residual = residual.const_data_ptr(),
      .weight = weight.const_data_ptr(),
      .bias = bias.const_data_ptr(),
      .epsilon = static_cast<float>(options.epsilon),
      .dropout = add_norm_dropout(options),
      .y = y.mutable_data_ptr(),
      .z = data_or_null(rows.z),
      .mean = static_cast<float*>(data_or_null(rows.mean)),
      .inverse_deviation = static_cast<float*>(data_or_null(rows.inverse_deviation))};
  if (!x.is_cpu()) {
    launch_on_gpu(x, a);
    return y;
  }
  kernels::with_add_norm_types(a.shape, "add_norm", [&]<class X, class R, class W>() {
    each_rows(a.shape, a.shape.rows, a.shape.columns,
              [&](std::int64_t first, std::int64_t last, float* scratch) {
                kernels::cpu::dispatch(
                    kernels::cpu::AddNormForwardRows<X, R, W>{a, first, last, scratch});
              });
  });
  return y;
}

struct AddNormGradients {
  at::Tensor x, residual, weight, bias;
};

/// From the gradients with respect to the norm and, where somebody read it, to the sum; `x` and
/// `residual` are the types of the summands.
inline AddNormGradients add_norm_backward(at::Tensor const& grad_y, at::Tensor const& grad_z,
                                          NormedRows const& rows, at::Tensor const& weight,
                                          at::ScalarType x, at::ScalarType residual,
                                          AddNormOptions const& options) {
  at::Tensor const& z = rows.z;
  AddNormGradients by{fresh_like(z, x), {}, at::empty_like(weight), at::empty_like(weight)};
  bool const apart = options.dropout > 0 || x != residual;
  by.residual = apart ? fresh_like(z, residual) : by.x;
  kernels::AddNormShape const shape = add_norm_shape(by.x, z.scalar_type(), residual, weight);
  std::int64_t const splits = kernels::cpu::add_norm_splits(shape);
  at::Tensor const workspace =
      at::empty({z.is_cpu() ? 2 * splits * shape.columns : kernels::add_norm_workspace(shape)},
                z.options().dtype(at::kFloat));
  kernels::AddNormBackward const a{
      .shape = shape,
      .z = z.const_data_ptr(),
      .weight = weight.const_data_ptr(),
      .grad_y = grad_y.const_data_ptr(),
      .grad_z = data_or_null(grad_z),
      .mean = rows.mean.const_data_ptr<float>(),
      .inverse_deviation = rows.inverse_deviation.const_data_ptr<float>(),
      .dropout = add_norm_dropout(options),
      .grad_x = by.x.mutable_data_ptr(),
      .grad_residual = apart ? by.residual.mutable_data_ptr() : nullptr,
      .grad_weight = by.weight.mutable_data_ptr(),
      .grad_bias = by.bias.mutable_data_ptr(),
      .workspace = workspace.mutable_data_ptr<float>()};
  if (!z.is_cpu()) {
    launch_on_gpu(z, a);
    return by;
  }
  kernels::with_add_norm_types(shape, "add_norm", [&]<class X, class R, class W>() {
    each_rows(
        shape, splits, kernels::cpu::add_norm_rows * shape.columns,
        [&](std::int64_t first, std::int64_t last, float* scratch) {
          for (std::int64_t split = first; split < last; ++split)
            kernels::cpu::dispatch(kernels::cpu::AddNormBackwardSplit<X, R, W>{a, split, scratch});
        });
    kernels::cpu::sum_of_splits(a.workspace, splits, shape.columns, static_cast<W*>(a.grad_weight),
                                static_cast<W*>(a.grad_bias));
  });
  return by;
}

class FusedAddNorm : public torch::autograd::Function<FusedAddNorm> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* ctx,
                                                at::Tensor const& x, at::Tensor const& residual,
                                                at::Tensor const& weight, at::Tensor const& bias,
                                                AddNormOptions const& options) {
    auto const statistics = x.options().dtype(at::kFloat);
    std::int64_t const count = x.numel() / x.size(-1);
    auto const sum = at::promote_types(x.scalar_type(), residual.scalar_type());
    NormedRows const rows{fresh_like(x, sum), at::empty({count}, statistics),
                          at::empty({count}, statistics)};
    at::Tensor const norm = add_norm_forward(x, residual, weight, bias, options, rows);
    ctx->save_for_backward({rows.z, rows.mean, rows.inverse_deviation, weight});
    ctx->saved_data["dropout"] = options.dropout;
    ctx->saved_data["seed"] = options.seed;
    ctx->saved_data["offset"] = options.offset;
    ctx->saved_data["x"] = x.scalar_type();
    ctx->saved_data["residual"] = residual.scalar_type();
    ctx->set_materialize_grads(false);  // often only one of the two is read
    return {norm, rows.z};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    check_first_derivative("add_norm");
    auto const saved = ctx->get_saved_variables();
    AddNormOptions const options{.dropout = ctx->saved_data["dropout"].toDouble(),
                                 .seed = ctx->saved_data["seed"].toInt(),
                                 .offset = ctx->saved_data["offset"].toInt()};
    at::Tensor const by_norm =
        grads[0].defined() ? grads[0].contiguous() : at::zeros_like(saved[0]);
    auto const by = add_norm_backward(by_norm, contiguous(grads[1]), {saved[0], saved[1], saved[2]},
                                      saved[3], ctx->saved_data["x"].toScalarType(),
                                      ctx->saved_data["residual"].toScalarType(), options);
    return {by.x, by.residual, by.weight, by.bias, {}};
  }
};

inline AddNormResult add_norm(at::Tensor const& x, at::Tensor const& residual,
                              at::Tensor const& weight, at::Tensor const& bias,
                              AddNormOptions const& options, Backend backend, bool with_sum) {
  check_add_norm(x, residual, weight, bias, options.dropout);
  if (backend != Backend::fused || !add_norm_takes(x, residual, weight, bias) ||
      (!x.is_cpu() && x.size(-1) > kernels::add_norm_columns))
    return add_norm_by_aten(x, residual, weight, bias, options);
  at::Tensor const dense = x.contiguous(), other = residual.contiguous(),
                   scale = weight.contiguous(), shift = bias.contiguous();
  if (wants_gradient({dense, other, scale, shift})) {
    auto const results = FusedAddNorm::apply(dense, other, scale, shift, options);
    return {results[0], results[1]};
  }
  auto const sum = at::promote_types(x.scalar_type(), residual.scalar_type());
  NormedRows const rows{with_sum ? fresh_like(dense, sum) : at::Tensor(), {}, {}};
  return {add_norm_forward(dense, other, scale, shift, options, rows), rows.z};
}

}  // namespace detail

VLSM_INLINE AddNormResult add_norm(at::Tensor const& x, at::Tensor const& residual,
                                   at::Tensor const& weight, at::Tensor const& bias,
                                   AddNormOptions const& options, Backend backend) {
  return detail::add_norm(x, residual, weight, bias, options, backend, true);
}

VLSM_INLINE at::Tensor norm_of_sum(at::Tensor const& x, at::Tensor const& residual,
                                   at::Tensor const& weight, at::Tensor const& bias,
                                   AddNormOptions const& options, Backend backend) {
  return detail::add_norm(x, residual, weight, bias, options, backend, false).norm;
}

}  // namespace vlsm::ops
