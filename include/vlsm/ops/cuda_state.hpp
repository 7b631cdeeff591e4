// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#ifdef VLSM_KERNELS
#include <c10/cuda/CUDAGraphsC10Utils.h>
#endif

// What is asked of the GPU that a tensor lies on.
namespace vlsm {

/// Whether what runs on the GPU of `where`, a tensor of any shape, is recorded as a CUDA graph
/// now: then nothing can be read back, and what depends on values is neither checked nor cut. Never
/// on a CPU, nor where the library is built without VLSM_CUDA.
inline bool is_capturing([[maybe_unused]] at::Tensor const& where) {
#ifdef VLSM_KERNELS
  return where.is_cuda() &&
         c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None;
#else
  return false;
#endif
}

/// Whether a derivative with respect to x, a tensor of any shape, will be computed on a GPU after
/// `deterministic()`: some of LibTorch's add up in an order that changes.
inline bool needs_deterministic_gradient(at::Tensor const& x) {
  return x.is_cuda() && x.requires_grad() && c10::GradMode::is_enabled() &&
         at::globalContext().deterministicAlgorithms();
}

}  // namespace vlsm
