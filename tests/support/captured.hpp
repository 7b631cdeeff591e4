// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <vector>

namespace vlsm::test {

/// A CUDA graph of what `run` starts, after three runs to warm up; capturing fails where it
/// synchronizes, reads a value back or allocates outside of LibTorch's allocator.
class Captured {
 public:
  /// `run` returns a std::vector<at::Tensor>.
  template <class Run>
  explicit Captured(Run const& run) {
    c10::cuda::CUDAStreamGuard const aside(c10::cuda::getStreamFromPool());
    for (int warming = 0; warming < 3; ++warming) run();
    c10::cuda::device_synchronize();
    graph_.capture_begin();
    results_ = run();
    graph_.capture_end();
  }

  /// What the run's kernels make of what its inputs hold now.
  std::vector<at::Tensor> const& replay() const {
    graph_.replay();
    c10::cuda::device_synchronize();
    return results_;
  }

 private:
  mutable at::cuda::CUDAGraph graph_;
  std::vector<at::Tensor> results_;
};

}  // namespace vlsm::test
