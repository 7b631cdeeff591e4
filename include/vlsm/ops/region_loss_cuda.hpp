// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

// The fused losses on a GPU, in programs that link vlsm::kernels (which defines VLSM_KERNELS).
#ifdef VLSM_KERNELS
#include <ATen/ATen.h>

#include "vlsm/kernels/dice.hpp"
#include "vlsm/ops/launch.hpp"
#include "vlsm/train/composite_losses.hpp"

namespace vlsm::ops::detail {

inline void choose(kernels::DiceLoss& loss, kernels::Dice const& region) {
  loss.kind = kernels::DiceLoss::Kind::dice;
  loss.region.tversky.smooth_numerator = region.smooth_numerator;
  loss.region.tversky.smooth_denominator = region.smooth_denominator;
}
inline void choose(kernels::DiceLoss& loss, kernels::Jaccard const& region) {
  choose(loss, kernels::Dice{region.smooth_numerator, region.smooth_denominator});
  loss.kind = kernels::DiceLoss::Kind::jaccard;
}
inline void choose(kernels::DiceLoss& loss, kernels::Tversky const& region) {
  loss.kind = kernels::DiceLoss::Kind::tversky;
  loss.region.tversky = region;
}
inline void choose(kernels::DiceLoss& loss, kernels::FocalTversky const& region) {
  loss.kind = kernels::DiceLoss::Kind::focal_tversky;
  loss.region = region;
}
inline void choose(kernels::DiceLoss& loss, kernels::NoTerm) {
  loss.term = kernels::DiceLoss::Term::none;
}
inline void choose(kernels::DiceLoss& loss, kernels::EntropyOfLogits) {
  loss.term = kernels::DiceLoss::Term::logits;
}
inline void choose(kernels::DiceLoss& loss, kernels::EntropyOfProbabilities) {
  loss.term = kernels::DiceLoss::Term::probabilities;
}
inline void choose(kernels::DiceLoss& loss, kernels::FocalEntropy const& focal) {
  loss.term = kernels::DiceLoss::Term::focal;
  loss.focal = focal;
}

/// What both passes are told; `regions` is their memory [groups] of kernels::RegionLoss, as bytes.
template <class Arguments, class Loss>
Arguments region_arguments(at::Tensor const& logits, at::Tensor const& mask, Loss const& loss,
                           at::Tensor const& regions) {
  std::int64_t const planes = logits.size(0) * logits.size(1);
  Arguments a;
  a.size = {planes, logits.numel() / planes};
  choose(a.loss, loss.region);
  choose(a.loss, loss.term);
  a.loss.region_weight = loss.region_weight;
  a.loss.term_weight = loss.term_weight;
  a.loss.mean = loss.reduction != Reduction::sum;
  a.loss.each_group = loss.reduction == Reduction::none;
  a.loss.groups = loss.batch ? logits.size(1) : planes;
  a.logits_type = element_of(logits), a.target_type = element_of(mask);
  a.logits = logits.const_data_ptr(), a.target = mask.const_data_ptr();
  a.regions = static_cast<kernels::RegionLoss*>(regions.mutable_data_ptr());
  return a;
}

/// The value, and the regions' memory for the backward pass.
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
      at::empty({a.loss.each_group ? groups : 1}, logits.options().dtype(at::kFloat));
  a.workspace = static_cast<kernels::DiceSums*>(workspace.mutable_data_ptr());
  a.value = value.mutable_data_ptr<float>();
  launch_on_card(logits, a);
  if (!a.loss.each_group) return {value[0], regions};
  return {loss.batch ? value.view({groups, 1, 1}) : value.view({-1, channels, 1, 1}), regions};
}

template <class Loss>
at::Tensor region_loss_cuda_backward(at::Tensor const& grad, at::Tensor const& logits,
                                     at::Tensor const& mask, Loss const& loss,
                                     at::Tensor const& regions) {
  at::Tensor const by_value = grad.to(at::kFloat).contiguous(), gradient = at::empty_like(logits);
  auto a = region_arguments<kernels::DiceBackward>(logits, mask, loss, regions);
  a.grad = by_value.const_data_ptr<float>();
  a.gradient = gradient.mutable_data_ptr();
  launch_on_card(logits, a);
  return gradient;
}

}  // namespace vlsm::ops::detail
#endif
