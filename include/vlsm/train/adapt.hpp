// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/base/error.hpp"
#include "vlsm/nn/adaptation.hpp"
#include "vlsm/train/optimizer.hpp"

namespace vlsm {

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
