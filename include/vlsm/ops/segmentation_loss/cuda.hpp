// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

// The fused losses on a GPU, in programs that link vlsm::kernels (which defines VLSM_KERNELS).
#ifdef VLSM_KERNELS
#include <ATen/ATen.h>

#include "vlsm/kernels/segmentation_loss/launch.hpp"
#include "vlsm/ops/launch.hpp"
#include "vlsm/ops/segmentation_loss/composite.hpp"

namespace vlsm::ops::detail {

template <class Loss>
inline constexpr bool has_launch = kernels::on_gpu<decltype(Loss::region), decltype(Loss::term)>;

/// What both passes are told; `regions` is their memory [groups] of kernels::RegionLoss, as bytes.
template <class Arguments, class Loss>
Arguments region_arguments(at::Tensor const& logits, at::Tensor const& mask, Loss const& loss,
                           at::Tensor const& regions) {
  std::int64_t const planes = logits.size(0) * logits.size(1);
  Arguments a;
  a.size = {planes, logits.numel() / planes};
  a.total.region_weight = loss.region_weight;
  a.total.term_weight = loss.term_weight;
  a.total.mean = loss.reduction != Reduction::sum;
  a.total.each_group = loss.reduction == Reduction::none;
  a.total.groups = loss.batch ? logits.size(1) : planes;
  a.logits_type = element_of(logits), a.target_type = element_of(mask);
  a.logits = logits.const_data_ptr(), a.target = mask.const_data_ptr();
  a.regions = static_cast<kernels::RegionLoss*>(regions.mutable_data_ptr());
  return a;
}

/// logits and mask [B, C, H, W], contiguous -> the value, [] or [B, C, 1, 1] ([C, 1, 1] with
/// `batch`) in float32, and the regions' memory for the backward pass.
template <class Loss>
std::pair<at::Tensor, at::Tensor> region_loss_cuda_forward(at::Tensor const& logits,
                                                           at::Tensor const& mask,
                                                           Loss const& loss) {
  auto const bytes = logits.options().dtype(at::kByte);
  std::int64_t const channels = logits.size(1),
                     groups = loss.batch ? channels : logits.size(0) * channels;
  at::Tensor const regions = at::empty({groups * std::int64_t{sizeof(kernels::RegionLoss)}}, bytes);
  auto a = region_arguments<kernels::DiceForward>(logits, mask, loss, regions);
  at::Tensor const workspace =
      at::empty({kernels::dice_workspace(a.size) * std::int64_t{sizeof(kernels::DiceSums)}}, bytes);
  at::Tensor const value =
      at::empty({a.total.each_group ? groups : 1}, logits.options().dtype(at::kFloat));
  a.workspace = static_cast<kernels::DiceSums*>(workspace.mutable_data_ptr());
  a.value = value.mutable_data_ptr<float>();
  on_gpu_of(logits, [&](void* stream) { kernels::launch_loss(a, loss.region, loss.term, stream); });
  if (!a.total.each_group) return {value[0], regions};
  return {loss.batch ? value.view({groups, 1, 1}) : value.view({-1, channels, 1, 1}), regions};
}

/// The gradient with respect to the logits [B, C, H, W], from that with respect to the value and
/// the regions that the forward returned.
template <class Loss>
at::Tensor region_loss_cuda_backward(at::Tensor const& grad, at::Tensor const& logits,
                                     at::Tensor const& mask, Loss const& loss,
                                     at::Tensor const& regions) {
  at::Tensor const by_value = grad.to(at::kFloat).contiguous(), gradient = at::empty_like(logits);
  auto a = region_arguments<kernels::DiceBackward>(logits, mask, loss, regions);
  a.grad = by_value.const_data_ptr<float>();
  a.gradient = gradient.mutable_data_ptr();
  on_gpu_of(logits, [&](void* stream) { kernels::launch_loss(a, loss.term, stream); });
  return gradient;
}

}  // namespace vlsm::ops::detail
#endif
