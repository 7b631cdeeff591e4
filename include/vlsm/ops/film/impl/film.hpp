// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/kernels/film/cpu.hpp"
#include "vlsm/ops/check.hpp"
#include "vlsm/ops/film/film.hpp"
#include "vlsm/ops/launch.hpp"
#include "vlsm/ops/parallel.hpp"

namespace vlsm::ops {

namespace detail {

inline void check_film(at::Tensor const& x, at::Tensor const& scale, at::Tensor const& shift,
                       FilmOptions const& options) {
  auto const fail = [](char const* what, std::string const& where, char const* remedy) {
    throw Error(what, "film: " + where, remedy);
  };
  if (x.dim() != 3 && x.dim() != 4)
    fail("features that are neither tokens nor a map", "x " + shape_text(x.sizes()),
         "pass [B, N, C] or [B, C, H, W]");
  std::int64_t const channels = x.size(x.dim() == 3 ? 2 : 1);
  for (at::Tensor const& one : {scale, shift})
    if (one.dim() != 2 || one.size(0) != x.size(0) || one.size(1) != channels)
      fail("scale or shift do not fit the features",
           "x " + shape_text(x.sizes()) + ", scale " + shape_text(scale.sizes()) + ", shift " +
               shape_text(shift.sizes()),
           "pass both as [B, C]");
  if (options.bias.defined() && (options.bias.dim() != 1 || options.bias.size(0) != channels))
    fail("the bias does not fit the features",
         "x " + shape_text(x.sizes()) + ", bias " + shape_text(options.bias.sizes()),
         "pass it as [C]");
  if (options.residual.defined() && options.residual.sizes() != x.sizes())
    fail("the residual does not fit the features",
         "x " + shape_text(x.sizes()) + ", residual " + shape_text(options.residual.sizes()),
         "give both one shape");
}

inline at::Tensor film_by_aten(at::Tensor const& x, at::Tensor const& scale,
                               at::Tensor const& shift, FilmOptions const& options) {
  auto const spread = [&](at::Tensor const& v) {
    return x.dim() == 3 ? v.unsqueeze(-2) : v.unsqueeze(-1).unsqueeze(-1);
  };
  at::Tensor y = options.bias.defined() ? x + spread(options.bias) : x;
  y = spread(scale) * y + spread(shift);
  return options.residual.defined() ? y + options.residual : y;
}

/// Whether a map [B, C, H, W] lies in memory as tokens do, channels last.
inline bool lies_as_tokens(at::Tensor const& x) {
  return x.dim() == 4 && !x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

/// A map [B, C, H, W] as tokens [B, H W, C], by a view where its channels come last in memory, else
/// by a copy; undefined where the map is.
inline at::Tensor tokens_of(at::Tensor const& map) {
  if (!map.defined()) return map;
  return map.contiguous(at::MemoryFormat::ChannelsLast).permute({0, 2, 3, 1}).flatten(1, 2);
}

inline kernels::FilmShape film_shape(at::Tensor const& x) {
  bool const tokens = x.dim() == 3;
  return {.batch = static_cast<int>(x.size(0)),
          .channels = static_cast<int>(x.size(tokens ? 2 : 1)),
          .positions = tokens ? x.size(1) : x.size(2) * x.size(3),
          .tokens = tokens,
          .type = element_of(x)};
}

/// Runs Part<E> for every task of the shape, in LibTorch's threads.
template <template <class> class Part, class Arguments>
void film_on_cpu(Arguments const& a) {
  kernels::with_floats(a.shape.type, "features", "film", [&]<class E>() {
    std::ptrdiff_t const each =
        kernels::cpu::film_part(a.shape) * (a.shape.tokens ? std::ptrdiff_t{a.shape.channels} : 1);
    parallel_for(kernels::cpu::film_tasks(a.shape), grain_for(each),
                 [&](std::int64_t first, std::int64_t last) {
                   for (std::int64_t task = first; task < last; ++task)
                     kernels::cpu::dispatch(Part<E>{a, task});
                 });
  });
}

inline at::Tensor film_forward(at::Tensor const& x, at::Tensor const& scale,
                               at::Tensor const& shift, FilmOptions const& options) {
  at::Tensor const y = fresh_like(x);
  kernels::FilmForward const a{.shape = film_shape(x),
                               .x = x.const_data_ptr(),
                               .scale = scale.const_data_ptr(),
                               .shift = shift.const_data_ptr(),
                               .bias = data_or_null(options.bias),
                               .residual = data_or_null(options.residual),
                               .y = y.mutable_data_ptr()};
  if (x.is_cpu())
    film_on_cpu<kernels::cpu::FilmForwardPart>(a);
  else
    launch_on_gpu(x, a);
  return y;
}

struct FilmGradients {
  at::Tensor x, scale, shift, bias;
};

inline FilmGradients film_backward(at::Tensor const& grad_y, at::Tensor const& x,
                                   at::Tensor const& scale, at::Tensor const& bias) {
  FilmGradients by{fresh_like(x), at::empty_like(scale), at::empty_like(scale),
                   bias.defined() ? at::empty_like(bias) : at::Tensor()};
  kernels::FilmShape const shape = film_shape(x);
  std::int64_t const parts = kernels::cpu::film_parts(shape);
  at::Tensor const workspace =
      at::empty({x.is_cpu() ? 2 * parts * shape.planes() : kernels::film_workspace(shape)},
                x.options().dtype(at::kFloat));
  kernels::FilmBackward const a{.shape = shape,
                                .x = x.const_data_ptr(),
                                .scale = scale.const_data_ptr(),
                                .bias = data_or_null(bias),
                                .grad_y = grad_y.const_data_ptr(),
                                .grad_x = by.x.mutable_data_ptr(),
                                .grad_scale = by.scale.mutable_data_ptr(),
                                .grad_shift = by.shift.mutable_data_ptr(),
                                .grad_bias = data_or_null(by.bias),
                                .workspace = workspace.mutable_data_ptr<float>()};
  if (!x.is_cpu()) {
    launch_on_gpu(x, a);
    return by;
  }
  film_on_cpu<kernels::cpu::FilmBackwardPart>(a);
  at::Tensor const exact = at::empty(scale.sizes(), at::TensorOptions(at::kDouble));
  kernels::with_floats(shape.type, "features", "film", [&]<class E>() {
    kernels::cpu::sum_of_splits(a.workspace, parts, shape.planes(), static_cast<E*>(a.grad_scale),
                                static_cast<E*>(a.grad_shift), exact.mutable_data_ptr<double>());
  });
  if (bias.defined()) by.bias = (scale * exact).sum(0).to(bias.scalar_type());
  return by;
}

class FusedFilm : public torch::autograd::Function<FusedFilm> {
 public:
  /// Undefined tensors are no inputs to autograd, where they come as this.
  using Maybe = std::optional<at::Tensor>;

  static at::Tensor forward(torch::autograd::AutogradContext* ctx, at::Tensor const& x,
                            at::Tensor const& scale, at::Tensor const& shift, Maybe const& bias,
                            Maybe const& residual) {
    ctx->save_for_backward({x, scale, *bias});
    ctx->saved_data["residual"] = residual->defined();
    return film_forward(x, scale, shift, {*bias, *residual});
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    check_first_derivative("film");
    auto const saved = ctx->get_saved_variables();
    auto const by = film_backward(grads[0].contiguous(), saved[0], saved[1], saved[2]);
    bool const residual = ctx->saved_data["residual"].toBool();
    return {by.x, by.scale, by.shift, by.bias, residual ? grads[0] : at::Tensor()};
  }
};

}  // namespace detail

VLSM_INLINE at::Tensor film(at::Tensor const& x, at::Tensor const& scale, at::Tensor const& shift,
                            FilmOptions const& options, Backend backend) {
  detail::check_film(x, scale, shift, options);
  if (backend != Backend::fused ||
      !detail::takes(x, {scale, shift, options.bias, options.residual}))
    return detail::film_by_aten(x, scale, shift, options);
  if (detail::lies_as_tokens(x))
    return film(detail::tokens_of(x), scale, shift,
                {options.bias, detail::tokens_of(options.residual)}, backend)
        .unflatten(1, {x.size(2), x.size(3)})
        .permute({0, 3, 1, 2});
  at::Tensor const dense = x.contiguous(), by = scale.contiguous(), to = shift.contiguous(),
                   bias = detail::contiguous(options.bias),
                   residual = detail::contiguous(options.residual);
  if (detail::wants_gradient({dense, by, to, bias, residual}))
    return detail::FusedFilm::apply(dense, by, to, std::optional(bias), std::optional(residual));
  return detail::film_forward(dense, by, to, {bias, residual});
}

}  // namespace vlsm::ops
