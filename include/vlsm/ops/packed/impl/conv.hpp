// SPDX-License-Identifier: MIT
#pragma once

// g++ 12 takes members of LibTorch's optional scalars for uninitialized.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>

#include "vlsm/base/compiled.hpp"
#include "vlsm/ops/packed/conv.hpp"
#include "vlsm/ops/packed/impl/onednn.hpp"

namespace vlsm::ops {

namespace detail {

/// The operators that a packed convolution is made of.
struct ConvOperators {
  using Ints = at::IntArrayRef;
  using Pack = at::Tensor(at::Tensor const&, Ints, Ints, Ints, std::int64_t,
                          at::OptionalIntArrayRef);
  using Run = at::Tensor(at::Tensor const&, at::Tensor const&, std::optional<at::Tensor> const&,
                         Ints, Ints, Ints, std::int64_t, std::string_view, Scalars,
                         std::optional<std::string_view>);
  using Plus = at::Tensor(at::Tensor const&, at::Tensor const&, at::Tensor const&,
                          std::optional<at::Tensor> const&, Ints, Ints, Ints, std::int64_t,
                          std::string_view, std::optional<at::Scalar>,
                          std::optional<std::string_view>, Scalars,
                          std::optional<std::string_view>);
  std::optional<c10::TypedOperatorHandle<Pack>> pack =
      find_operator<Pack>("mkldnn::_reorder_convolution_weight");
  using Order = at::Tensor(at::Tensor const&);
  std::optional<c10::TypedOperatorHandle<Order>> order =
      find_operator<Order>("mkldnn::_get_mkldnn_serialized_md");
  std::optional<c10::TypedOperatorHandle<Run>> run =
      find_operator<Run>("mkldnn::_convolution_pointwise");
  std::optional<c10::TypedOperatorHandle<Plus>> plus =
      find_operator<Plus>("mkldnn::_convolution_pointwise", "binary");

  bool there() const { return pack && order && run && plus; }
  static ConvOperators const& all() {
    static ConvOperators const operators;
    return operators;
  }
};

inline std::array<std::int64_t, 2> both_ways(std::int64_t value) { return {value, value}; }

/// Fewer channels than this fill no vector.
inline constexpr std::int64_t least_for_winograd = 16;

/// Without matrix units, a quarter of the multiplications in float32 takes less time than all of
/// them in bfloat16.
inline bool goes_by_winograd(at::Tensor const& weight, ConvSteps const& steps,
                             at::ScalarType type) {
  bool const pays =
      type == at::kFloat || (type == at::kBFloat16 && !kernels::cpu::has_matrix_units());
  return pays && weight.is_cpu() && weight.size(2) == 3 && weight.size(3) == 3 &&
         steps.stride == 1 && steps.padding == steps.dilation && steps.groups == 1 &&
         weight.size(0) >= least_for_winograd && weight.size(1) >= least_for_winograd;
}

/// Whether each channel is convolved by itself. In bfloat16 the sums are float32's.
inline bool goes_by_depthwise(at::Tensor const& weight, ConvSteps const& steps,
                              at::ScalarType type) {
  return (type == at::kFloat || type == at::kBFloat16) && weight.is_cpu() && weight.size(1) == 1 &&
         weight.size(0) == steps.groups && weight.size(2) == weight.size(3);
}

/// Whether each result is one product of a pixel's channels.
inline bool is_dense(at::Tensor const& weight, ConvSteps const& steps) {
  return weight.is_cpu() && weight.size(2) == 1 && weight.size(3) == 1 && steps.padding == 0 &&
         steps.groups == 1;
}

}  // namespace detail

VLSM_INLINE at::Tensor joined(std::vector<ConvolutionInput> const& inputs) {
  std::vector<at::Tensor> maps;
  for (auto const& [map, upsample] : inputs)
    maps.push_back(upsample ? at::upsample_nearest2d(map, {2 * map.size(2), 2 * map.size(3)})
                            : map);
  return maps.size() == 1 ? maps[0] : at::cat(maps, 1);
}

VLSM_INLINE PackedConv::PackedConv(at::Tensor const& weight, at::Tensor const& bias,
                                   ConvSteps steps, at::ScalarType type, Operand operand)
    : type_(type), inner_(type), steps_(steps) {
  at::NoGradGuard const no_gradients;
  if (detail::goes_by_winograd(weight, steps, type)) {
    winograd_ = pack_winograd(weight.detach().contiguous(), bias.defined() ? bias.detach() : bias);
    return;
  }
  if (detail::goes_by_depthwise(weight, steps, type)) {
    depthwise_ = pack_depthwise(weight.detach(), bias.defined() ? bias.detach() : bias);
    return;
  }
  bool const rounds = type == at::kFloat && operand != Operand::fp32;
  if (rounds && detail::is_dense(weight, steps)) {
    dense_.emplace(weight.detach().flatten(1), bias, type, operand);
    return;
  }
  if (rounds && detail::onednn_takes(at::kBFloat16)) inner_ = at::kBFloat16;
  weight_ = weight.detach().to(inner_).contiguous();
  if (bias.defined()) bias_ = bias.detach().to(inner_).contiguous();
  packs_ = detail::ConvOperators::all().there() && detail::onednn_takes(inner_) && weight.is_cpu();
}

VLSM_INLINE at::Tensor PackedConv::plain() const {
  return forms_.empty() ? weight_ : forms_[0].weight.to_dense();
}

VLSM_INLINE at::Tensor PackedConv::weight_for(at::Tensor const& x) const {
  std::array<std::int64_t, 4> const size{x.size(0), x.size(2), x.size(3), at::get_num_threads()};
  std::lock_guard const lock(mutex_);
  for (Form const& form : forms_)
    if (std::ranges::find(form.sizes, size) != form.sizes.end()) return form.weight;
  at::NoGradGuard const no_gradients;
  auto const& operators = detail::ConvOperators::all();
  at::Tensor const packed = operators.pack->call(
      plain(), detail::both_ways(steps_.padding), detail::both_ways(steps_.stride),
      detail::both_ways(steps_.dilation), steps_.groups, x.sizes());
  at::Tensor const order = operators.order->call(packed);
  for (Form& form : forms_)
    if (at::equal(form.order, order)) {
      form.sizes.push_back(size);
      return form.weight;
    }
  forms_.push_back({{size}, packed, order});
  weight_.reset();
  return packed;
}

VLSM_INLINE at::Tensor PackedConv::run(std::vector<ConvolutionInput> const& maps,
                                       Epilogue then) const {
  if (!winograd_) return run(joined(maps), then);
  bool const relu = then == Epilogue::relu;
  at::Tensor const y = by_winograd(maps, {}, relu);
  return relu ? y : detail::apply(then, y);
}

VLSM_INLINE at::Tensor PackedConv::by_winograd(std::vector<ConvolutionInput> maps,
                                               at::Tensor const& residual, bool relu) const {
  for (ConvolutionInput& map : maps) map.map = map.map.to(at::kFloat);
  ConvolutionOptions const options{
      .residual = residual.defined() ? residual.to(at::kFloat) : residual,
      .relu = relu,
      .dilation = steps_.dilation};
  return winograd_convolution(maps, *winograd_, options).to(type_);
}

VLSM_INLINE at::Tensor PackedConv::by_dense(at::Tensor const& x, at::Tensor const& residual,
                                            Epilogue then) const {
  auto const rows = [](at::Tensor const& map) { return map.permute({0, 2, 3, 1}); };
  at::Tensor const cells =
      x.slice(2, 0, std::nullopt, steps_.stride).slice(3, 0, std::nullopt, steps_.stride);
  at::Tensor const y = residual.defined() ? dense_->plus(rows(cells), rows(residual), then)
                                          : dense_->run(rows(cells), then);
  return y.permute({0, 3, 1, 2});
}

VLSM_INLINE at::Tensor PackedConv::run(at::Tensor const& x, Epilogue then) const {
  if (winograd_) return run(std::vector<ConvolutionInput>{{x}}, then);
  if (dense_) return by_dense(x, {}, then);
  if (depthwise_) {
    bool const relu = then == Epilogue::relu;
    at::Tensor const y =
        depthwise_convolution(x.to(at::kFloat), *depthwise_, steps_, relu).to(type_);
    return relu ? y : detail::apply(then, y);
  }
  if (!packs_ || x.numel() == 0) {
    at::Tensor const weight = [&] {
      std::lock_guard const lock(mutex_);
      return plain();
    }();
    return detail::apply(then, at::conv2d(x.to(inner_), weight, bias_, steps_.stride,
                                          steps_.padding, steps_.dilation, steps_.groups))
        .to(type_);
  }
  return detail::ConvOperators::all()
      .run
      ->call(x.to(inner_).contiguous(at::MemoryFormat::ChannelsLast), weight_for(x),
             detail::maybe(bias_), detail::both_ways(steps_.padding),
             detail::both_ways(steps_.stride), detail::both_ways(steps_.dilation), steps_.groups,
             detail::name_of(then), detail::Scalars(), detail::variant_of(then))
      .to(type_);
}

VLSM_INLINE at::Tensor PackedConv::plus_relu(at::Tensor const& x,
                                             at::Tensor const& residual) const {
  if (winograd_) return by_winograd({{x}}, residual, true);
  if (dense_) return by_dense(x, residual, Epilogue::relu);
  if (!packs_ || inner_ != type_ || x.numel() == 0) return at::relu(run(x) + residual);
  return detail::ConvOperators::all().plus->call(
      x.contiguous(at::MemoryFormat::ChannelsLast),
      residual.contiguous(at::MemoryFormat::ChannelsLast), weight_for(x), detail::maybe(bias_),
      detail::both_ways(steps_.padding), detail::both_ways(steps_.stride),
      detail::both_ways(steps_.dilation), steps_.groups, "add", std::nullopt, "relu",
      detail::Scalars(), "");
}

}  // namespace vlsm::ops

#pragma GCC diagnostic pop
