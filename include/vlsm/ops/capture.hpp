// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#ifdef VLSM_KERNELS
#include <c10/cuda/CUDAGraphsC10Utils.h>
#endif

namespace vlsm {

/// Whether what runs on the card of `where`, a tensor of any shape, is recorded as a CUDA graph
/// now: then nothing can be read back, and what depends on values is neither checked nor cut. Never
/// on a CPU, nor where the library is built without VLSM_CUDA.
inline bool is_captured([[maybe_unused]] at::Tensor const& where) {
#ifdef VLSM_KERNELS
  return where.is_cuda() &&
         c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None;
#else
  return false;
#endif
}

}  // namespace vlsm
