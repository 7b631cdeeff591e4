// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/GradMode.h>

#include "vlsm/nn/precision.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"

namespace vlsm {

/// What a model prepared for inference computes with.
struct InferenceOptions {
  Precision precision = Precision::fp32;
};

/// Prepares a model for inference where it lies, once and for good: batch norms are folded into
/// their convolutions, low-rank changes into their layers, weights are converted and, on a CPU,
/// packed as this machine's products read them, and what follows a product happens on its way out.
/// The packed copies replace the weights: the model no longer trains, saves or moves to another
/// device. Takes [B, 3, H, W] and returns logits as before; results differ by rounding, and do not
/// depend on the number of threads. Any number of threads may use it. On a CPU it takes about as
/// long as it saves in three passes.
inline void prepare(Module& model, InferenceOptions const& options = {}) {
  at::NoGradGuard const no_gradients;
  model.eval();
  auto const parameters = model.parameters();
  bool const on_cpu = parameters.empty() || parameters[0].is_cpu();
  model.prepare(
      {.type = options.precision == Precision::bf16 ? at::kBFloat16 : at::kFloat, .pack = on_cpu});
}

/// The same of a model that a program chose when it runs.
inline void prepare(AnySegmenter& model, InferenceOptions const& options = {}) {
  prepare(dynamic_cast<Module&>(model.module()), options);
}

}  // namespace vlsm
