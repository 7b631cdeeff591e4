// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <utility>

#include "vlsm/nn/autocast.hpp"
#include "vlsm/train/frozen_towers.hpp"

namespace vlsm {

namespace detail {

/// Features as float32.
inline ImageFeatures in_float(ImageFeatures seen) {
  for (at::Tensor& tap : seen.taps) tap = tap.to(at::kFloat);
  for (at::Tensor* part : {&seen.pooled, &seen.image})
    if (part->defined()) *part = part->to(at::kFloat);
  return seen;
}
inline TextFeatures in_float(TextFeatures said) {
  for (at::Tensor* part : {&said.sentence, &said.words})
    if (part->defined()) *part = part->to(at::kFloat);
  return said;
}

}  // namespace detail

/// Logits [B, 1, S, S] of a batch that lies on the model's device, in `precision`; `towers` are the
/// model's, and frozen ones run in their own. A model that was prepared computes as it was
/// prepared.
inline at::Tensor logits_of(AnySegmenter const& model, FrozenTowers const& towers,
                            Batch const& batch, Precision precision) {
  std::optional<Autocast> autocast;
  at::Tensor image = batch.image;
  if (precision == Precision::bf16 && !is_prepared(model.module())) {
    autocast.emplace(batch.image.device().type());
    image = image.to(at::kBFloat16);
  }
  TextFeatures said = towers.hear(batch);
  ImageFeatures seen = towers.see(batch, image);
  if (precision == Precision::fp32 && towers.precision() == Precision::bf16) {
    said = detail::in_float(std::move(said));
    seen = detail::in_float(std::move(seen));
  }
  return model.segment(seen, said);
}

}  // namespace vlsm
