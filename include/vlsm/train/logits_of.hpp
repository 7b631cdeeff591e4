// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "vlsm/nn/autocast.hpp"
#include "vlsm/train/frozen_towers.hpp"

namespace vlsm {

/// Logits [B, 1, S, S] of a batch that lies on the model's device, in `precision`; `towers` are the
/// model's. One that was prepared computes as it was prepared.
inline at::Tensor logits_of(AnySegmenter const& model, FrozenTowers const& towers,
                            Batch const& batch, Precision precision) {
  std::optional<Autocast> autocast;
  at::Tensor image = batch.image;
  if (precision == Precision::bf16 && !is_prepared(model.module())) {
    autocast.emplace(batch.image.device().type());
    image = image.to(at::kBFloat16);
  }
  TextFeatures const said = towers.hear(batch);
  return model.segment(towers.see(batch, image), said);
}

}  // namespace vlsm
