// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
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

/// Throws Error where a model computes in another type than a batch's pictures are of.
inline void check_type(torch::nn::Module const& module, Batch const& batch) {
  std::vector<at::Tensor> const parameters = module.parameters();
  if (parameters.empty() || parameters[0].scalar_type() == batch.image.scalar_type()) return;
  throw Error(
      std::string("pictures of type ") + c10::toString(batch.image.scalar_type()) +
          " for a model of type " + c10::toString(parameters[0].scalar_type()),
      batch.names[0],
      "convert one of them; what else than float32 is computed in is an option (precision)");
}

}  // namespace detail

/// Logits [B, 1, S, S] of a batch that lies on the model's device, in `precision`; `towers` are the
/// model's, and frozen ones run in their own. A model that was prepared computes as it was
/// prepared. Throws Error where pictures and weights are of different types.
inline at::Tensor logits_of(AnySegmenter const& model, FrozenTowers const& towers,
                            Batch const& batch, Precision precision) {
  std::optional<Autocast> autocast;
  at::Tensor image = batch.image;
  if (precision == Precision::bf16 && !is_prepared(model.module())) {
    autocast.emplace(batch.image.device().type());
    image = image.to(at::kBFloat16);
  } else if (!is_prepared(model.module())) {
    detail::check_type(model.module(), batch);
  }
  TextFeatures said = towers.encode_text(batch);
  ImageFeatures seen = towers.encode_image(batch, image);
  if (precision == Precision::fp32 && towers.precision() == Precision::bf16) {
    said = detail::in_float(std::move(said));
    seen = detail::in_float(std::move(seen));
  }
  return model.segment(seen, said);
}

}  // namespace vlsm
