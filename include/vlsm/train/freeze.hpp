// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>

#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/nn/module.hpp"

// Which parameters of a model train.
namespace vlsm {

/// Keeps all below `module` as it is: no gradients, no weight decay, no running statistics that
/// move, no dropout (`Module::train` leaves what is frozen in evaluation). A module without any
/// parameter cannot be frozen: it trains with what stands around it. CLIPSeg as the study trained
/// it freezes `vision` and `text`.
inline void freeze(torch::nn::Module& module) {
  for (at::Tensor& parameter : module.parameters()) parameter.requires_grad_(false);
  module.eval();
}

/// The parameters that train, each of any shape; one that several parts share is there once.
inline std::vector<at::Tensor> trainable(torch::nn::Module const& module) {
  std::vector<at::Tensor> list;
  for (at::Tensor const& parameter : distinct_parameters(module))
    if (parameter.requires_grad()) list.push_back(parameter);
  return list;
}

/// Freezes the towers of a segmenter, `vision` and `text`.
inline void freeze_encoders(torch::nn::Module& segmenter) {
  for (char const* tower : {"vision", "text"}) freeze(*segmenter.named_children()[tower]);
}

/// Freezes all of `model` but its adaptations: adapters, low-rank changes, and what else derives
/// from `Adaptation`. Throws Error where there is none.
inline void train_adapters_only(torch::nn::Module& model) {
  freeze(model);
  bool any = false;
  for (auto const& part : model.modules(false))
    if (dynamic_cast<Adaptation const*>(part.get())) {
      any = true;
      for (at::Tensor& parameter : part->parameters()) parameter.requires_grad_(true);
    }
  if (!any)
    throw Error(
        "the model has no adapters to train", "",
        "wrap a slot, as in `using Vision = DenseAdapters<VisionTransformer<clip_vit_b16>>`");
}

}  // namespace vlsm
