// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstdlib>
#include <utility>
#include <vector>

namespace vlsm {

/// Puts LibTorch's generators, of the CPU and of all GPUs, back to where they were: what draws in
/// a scope with a seed of its own leaves no trace.
class KeepGenerators {
 public:
  KeepGenerators() {
    keep(at::globalContext().defaultGenerator(at::kCPU));
    if (at::hasCUDA())
      for (c10::DeviceIndex gpu = 0; gpu < at::detail::getCUDAHooks().deviceCount(); ++gpu)
        keep(at::globalContext().defaultGenerator(at::Device(at::kCUDA, gpu)));
  }
  ~KeepGenerators() {
    for (auto& [generator, state] : kept_) generator.set_state(state);
  }
  KeepGenerators(KeepGenerators const&) = delete;
  KeepGenerators& operator=(KeepGenerators const&) = delete;

 private:
  void keep(at::Generator const& generator) {
    kept_.emplace_back(generator, generator.get_state());
  }
  std::vector<std::pair<at::Generator, at::Tensor>> kept_;
};

/// Makes LibTorch choose algorithms that give the same bits each time, wherever it has one; where
/// it has none it warns on stderr. The library's blocks call none of those: their resizing and
/// attention are derived by products then. On the CPU nothing changes: results there depend on the
/// number of threads alone. Call it before anything runs on a GPU: cuBLAS reads its setting once.
inline void deterministic() {
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
}

}  // namespace vlsm
