// SPDX-License-Identifier: MIT
#pragma once

namespace vlsm {

/// Who computes an operation; an architecture's config picks.
enum class Backend {
  fused,   ///< this library's kernels: one pass over the memory
  matmul,  ///< two batched matrix products and a softmax: cuBLAS on a GPU, MKL or OpenBLAS on a CPU
  cudnn,   ///< cuDNN's attention; needs a GPU and 16 bit
  aten,    ///< what PyTorch chooses
};

}  // namespace vlsm
