// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Context.h>
#include <torch/csrc/api/include/torch/version.h>

namespace vlsm {

/// Who computes an operation; an architecture's config picks.
enum class Backend {
  fused,   ///< this library's kernels: one pass over the memory
  matmul,  ///< two batched matrix products and a softmax: cuBLAS on a GPU, MKL or OpenBLAS on a CPU
  cudnn,   ///< cuDNN's attention; needs a GPU and 16 bit
  aten,    ///< what PyTorch chooses
};

}  // namespace vlsm

namespace vlsm::ops {

/// Whether products of float32 matrices on a GPU may round to TF32, by whichever interface that
/// was said: `set_float32_matmul_precision`, `allow_tf32`, or `fp32_precision` of LibTorch 2.10 and
/// newer, after which the older question throws.
inline bool tf32_allowed() {
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 10
  return at::globalContext().float32Precision(at::Float32Backend::CUDA, at::Float32Op::MATMUL) ==
         at::Float32Precision::TF32;
#else
  return at::globalContext().allowTF32CuBLAS();
#endif
}

}  // namespace vlsm::ops
