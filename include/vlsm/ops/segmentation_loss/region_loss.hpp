// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstring>
#include <type_traits>

#include "vlsm/ops/check.hpp"
#include "vlsm/ops/launch.hpp"
#include "vlsm/ops/segmentation_loss/composite.hpp"
#include "vlsm/ops/segmentation_loss/cpu.hpp"
#include "vlsm/ops/segmentation_loss/cuda.hpp"

namespace vlsm::ops {

/// A loss of logits [B, C, H, W] against masks in [0, 1]: a region's loss of every image and
/// channel (kernels/segmentation_loss/region.hpp) plus the mean of a term per pixel
/// (kernels/segmentation_loss/pixel_term.hpp).
template <class Region, class Term = kernels::NoTerm>
struct RegionLossOf {
  Region region{};  ///< a functor of the sums: kernels::Dice, Jaccard, Tversky, FocalTversky, …
  Term term{};      ///< a functor of a pixel
  double region_weight = 1, term_weight = 0;
  Reduction reduction = Reduction::mean;  ///< sum: of the term's pixels, too
  bool batch = false;                     ///< sums run over the batch too
};

/// Whether the fused kernels take these tensors [B, C, H, W]; else a composite must.
inline bool fuses(at::Tensor const& logits, at::Tensor const& target) {
  return kernels_reach(logits) && logits.device() == target.device() && !target.requires_grad() &&
         logits.numel() > 0;
}

namespace detail {

template <class Loss>
kernels::DiceSizes sizes_of(Loss const&, at::Tensor const& logits) {
  std::int64_t const planes = logits.size(0) * logits.size(1);
  return {planes, logits.numel() / planes};
}

/// float, uint8 and bool as they are, contiguous; everything else as float.
inline at::Tensor mask_of(at::Tensor const& target) {
  auto const type = target.scalar_type();
  bool const known = type == at::kFloat || type == at::kByte || type == at::kBool;
  return (known ? target : target.to(at::kFloat)).contiguous();
}

/// Any plain struct as a tensor, so that autograd can keep it.
template <class T>
at::Tensor bytes_of(T const* values, std::size_t count) {
  static_assert(std::is_trivially_copyable_v<T>, "a loss is a struct of plain numbers");
  at::Tensor const bytes =
      at::empty({static_cast<std::int64_t>(count * sizeof(T))}, at::TensorOptions(at::kByte));
  std::memcpy(bytes.mutable_data_ptr(), values, count * sizeof(T));
  return bytes;
}

}  // namespace detail

/// logits and mask [B, C, H, W], contiguous, on the CPU -> the value in float32, [] or [B, C, 1, 1]
/// ([C, 1, 1] with `batch`), and what its gradient follows from: the regions' values and slopes,
/// one an image and channel (a channel with `batch`).
template <class Loss>
std::pair<at::Tensor, std::vector<kernels::RegionLoss>> fused_loss_forward(at::Tensor const& logits,
                                                                           at::Tensor const& mask,
                                                                           Loss const& loss) {
  kernels::DiceSizes const size = detail::sizes_of(loss, logits);
  std::int64_t const groups = loss.batch ? logits.size(1) : size.planes;
  auto const sums = region_sums_cpu(size, loss.term, logits, mask);
  std::vector<kernels::RegionLoss> regions(static_cast<std::size_t>(groups));
  kernels::DiceFinish<decltype(loss.region)> const finish{size, loss.region, groups};
  double term = loss.term_weight * finish.run(sums.data(), regions.data());
  if (loss.reduction != Reduction::sum) term /= static_cast<double>(logits.numel());
  at::Tensor value = at::empty({groups}, at::TensorOptions(at::kDouble));
  for (std::size_t i = 0; i < regions.size(); ++i)
    value.mutable_data_ptr<double>()[i] = loss.region_weight * regions[i].value;
  if (loss.reduction == Reduction::none)
    value = loss.batch ? value.view({groups, 1, 1})
                       : value.view({logits.size(0), logits.size(1), 1, 1});
  else
    value = loss.reduction == Reduction::sum ? value.sum() : value.mean();
  // Half's range would not hold every loss.
  return {(value + term).to(at::kFloat), std::move(regions)};
}

/// The gradient with respect to the logits [B, C, H, W], from that with respect to the value and
/// the regions that the forward returned.
template <class Loss>
at::Tensor fused_loss_backward(at::Tensor const& grad, at::Tensor const& logits,
                               at::Tensor const& mask, Loss const& loss,
                               kernels::RegionLoss const* regions) {
  kernels::DiceSizes const size = detail::sizes_of(loss, logits);
  std::int64_t const groups = loss.batch ? logits.size(1) : size.planes;
  at::Tensor const by_value = grad.to(at::kDouble).contiguous();
  double const* const given = by_value.const_data_ptr<double>();
  bool const each = loss.reduction == Reduction::none;
  double const share = loss.reduction == Reduction::mean ? 1 / static_cast<double>(groups) : 1;
  double const pixels = loss.reduction == Reduction::sum ? 1 : static_cast<double>(logits.numel());
  double const by_term = loss.term_weight * by_value.sum().item<double>() / pixels;
  std::vector<kernels::DiceSlopes> slopes;
  for (std::int64_t plane = 0; plane < size.planes; ++plane) {
    std::int64_t const group = plane % groups;
    double const factor = loss.region_weight * share * given[each ? group : 0];
    slopes.push_back({static_cast<float>(factor * regions[group].by_overlap),
                      static_cast<float>(factor * regions[group].by_predicted),
                      static_cast<float>(by_term)});
  }
  at::Tensor const gradient = detail::fresh_like(logits);
  region_gradient_cpu(size, loss.term, logits, mask, slopes.data(), gradient);
  return gradient;
}

/// The fused losses for autograd: logits and mask [B, C, H, W], contiguous. Only the first
/// derivative: the backward throws Error where a second one is recorded.
template <class Loss>
class FusedLoss : public torch::autograd::Function<FusedLoss<Loss>> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, at::Tensor const& logits,
                            at::Tensor const& mask, Loss const& loss) {
    ctx->saved_data["loss"] = detail::bytes_of(&loss, 1);
#ifdef VLSM_KERNELS
    if constexpr (detail::has_launch<Loss>)
      if (logits.is_cuda()) {
        auto const [value, regions] = detail::region_loss_cuda_forward(logits, mask, loss);
        ctx->save_for_backward({logits, mask, regions});
        return value;
      }
#endif
    auto const [value, regions] = fused_loss_forward(logits, mask, loss);
    ctx->save_for_backward({logits, mask, detail::bytes_of(regions.data(), regions.size())});
    return value;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    check_first_derivative("segmentation loss");
    auto const saved = ctx->get_saved_variables();
    at::Tensor const bytes = ctx->saved_data["loss"].toTensor();
    Loss loss;
    std::memcpy(&loss, bytes.const_data_ptr(), sizeof loss);
#ifdef VLSM_KERNELS
    if constexpr (detail::has_launch<Loss>)
      if (saved[0].is_cuda())
        return {detail::region_loss_cuda_backward(grads[0], saved[0], saved[1], loss, saved[2]),
                {},
                {}};
#endif
    return {fused_loss_backward(grads[0], saved[0], saved[1], loss,
                                static_cast<kernels::RegionLoss const*>(saved[2].const_data_ptr())),
            {},
            {}};
  }
};

#ifdef VLSM_KERNELS
namespace detail {

template <class Loss>
[[deprecated(
    "a loss of your own has no launch on a GPU, where its logits are copied to the CPU: "
    "see kernels::on_gpu")]] void
loss_without_a_launch() {}

}  // namespace detail
#endif

/// The loss of logits and target [B, C, H, W] in one read of both, its gradient in a second; the
/// same bits from any number of threads. float32 [], or [B, C, 1, 1] ([C, 1, 1] with `batch`)
/// without reduction. Only for what `fuses` says: throws Error for other tensors. Functors of one's
/// own run on a GPU once `kernels::on_gpu` says so; else the compiler warns, and logits on a GPU
/// are copied to the CPU.
template <class Region, class Term>
at::Tensor fused_loss(at::Tensor const& logits, at::Tensor const& target,
                      RegionLossOf<Region, Term> const& loss) {
  vlsm::detail::check_same_shape(logits, target);
#ifdef VLSM_KERNELS
  if constexpr (!kernels::on_gpu<Region, Term>) {
    detail::loss_without_a_launch<RegionLossOf<Region, Term>>();
    if (logits.is_cuda())
      return fused_loss(logits.to(at::kCPU), target.to(at::kCPU), loss).to(logits.device());
  }
#endif
  if (!fuses(logits, target))
    throw Error(
        "the fused losses do not take these tensors",
        std::string(c10::toString(logits.scalar_type())) + " on " + logits.device().str(),
        "give logits as float32, float16 or bfloat16 on the CPU and a mask without gradient");
  at::Tensor const dense = logits.contiguous(), mask = detail::mask_of(target);
  if (at::GradMode::is_enabled() && logits.requires_grad())
    return FusedLoss<RegionLossOf<Region, Term>>::apply(dense, mask, loss);
#ifdef VLSM_KERNELS
  if constexpr (kernels::on_gpu<Region, Term>)
    if (dense.is_cuda()) return detail::region_loss_cuda_forward(dense, mask, loss).first;
#endif
  return fused_loss_forward(dense, mask, loss).first;
}

}  // namespace vlsm::ops
