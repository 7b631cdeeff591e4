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

namespace detail {

/// In bf16 a CPU with instructions for pairs, but without units for matrices, rounds what it
/// multiplies and keeps all else float32: that costs it nothing.
inline Preparation preparation_for(Precision precision, bool on_cpu) {
  using kernels::cpu::Operand;
  if (precision == Precision::int8) {
    if (!on_cpu)
      throw Error("products of bytes are computed on a CPU only", "prepare with Precision::int8",
                  "choose Precision::bf16, or move the model to the CPU first");
    return {.operand = Operand::int8};
  }
  if (precision == Precision::fp32) return {.pack = on_cpu};
  if (on_cpu && kernels::cpu::has_dot_units() && !kernels::cpu::has_matrix_units())
    return {.operand = Operand::bf16};
  return {.type = at::kBFloat16, .pack = on_cpu};
}

}  // namespace detail

/// Prepares a model for inference, in place and irreversibly. Batch norms are folded into their
/// convolutions, LoRA into its layers; layer norms keep their form, only their type changes.
/// Weights are converted and, on a CPU, packed for this machine's matrix products; bias, activation
/// and residual are applied as a product is written. The packed copies replace the weights: the
/// model no longer trains, saves or moves to another device. Takes [B, 3, H, W] and returns logits
/// as before; results differ by rounding, and in float32 do not depend on the number of threads.
/// Any number of threads may use it. On a CPU it takes about as long as it saves in three passes.
/// Throws Error for int8 on a GPU.
inline void prepare(Module& model, InferenceOptions const& options = {}) {
  at::NoGradGuard const no_gradients;
  model.eval();
  auto const parameters = model.parameters();
  bool const on_cpu = parameters.empty() || parameters[0].is_cpu();
  if (on_cpu && !is_partly_prepared(model))  // what packs takes float32
    for (auto const& list : {parameters, model.buffers()})
      for (at::Tensor const& value : list)
        if (value.is_floating_point()) value.set_data(value.to(at::kFloat));
  model.prepare(detail::preparation_for(options.precision, on_cpu));
  for (at::Tensor& value : model.parameters()) value.requires_grad_(false);
}

/// The same of a model that a program chose when it runs.
inline void prepare(AnySegmenter& model, InferenceOptions const& options = {}) {
  prepare(dynamic_cast<Module&>(model.module()), options);
}

}  // namespace vlsm
