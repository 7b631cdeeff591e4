// SPDX-License-Identifier: MIT
#pragma once

// One kernel source, two worlds: nvcc compiles it for a GPU, any other compiler for the emulation
// of tests/emulation/, which must then be on the include path.

#include "vlsm/kernels/common/blocks.hpp"
#include "vlsm/kernels/common/host_device.hpp"

#ifdef __CUDACC__

#include <atomic>
#include <cstdint>
#include <string>

#include "vlsm/base/error.hpp"

namespace vlsm::kernels {

inline void check_cuda(cudaError_t code, char const* where) {
  if (code == cudaSuccess) return;
  throw Error(std::string("CUDA says: ") + cudaGetErrorString(code), where,
              "run on another device, or with the ATen backend");
}

/// What launches ask of a GPU.
struct GpuFacts {
  int capability;       ///< 90 means 9.0
  int multiprocessors;  ///< those that there are; a part of a GPU (MIG) has fewer
};

/// The facts of the GPU in use: a GPU is asked once, by whichever thread comes first.
inline GpuFacts gpu_facts() {
  constexpr int most = 64;
  // In one word, so that no thread sees half of an answer; 0: not asked yet.
  static std::atomic<std::int32_t> known[most] = {};
  int device = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  std::int32_t facts = device < most ? known[device].load(std::memory_order_relaxed) : 0;
  if (facts == 0) {
    auto const attribute = [&](cudaDeviceAttr which) {
      int value = 0;
      check_cuda(cudaDeviceGetAttribute(&value, which, device), "cudaDeviceGetAttribute");
      return value;
    };
    facts = attribute(cudaDevAttrMultiProcessorCount) << 16 |
            (10 * attribute(cudaDevAttrComputeCapabilityMajor) +
             attribute(cudaDevAttrComputeCapabilityMinor));
    if (device < most) known[device].store(facts, std::memory_order_relaxed);
  }
  return {facts & 0xffff, facts >> 16};
}

/// The GPU in use: 90 means compute capability 9.0.
inline int compute_capability() { return gpu_facts().capability; }

/// How many multiprocessors the GPU in use has.
inline int multiprocessors() { return gpu_facts().multiprocessors; }

template <class... P, class... A>
void launch_kernel(void (*kernel)(P...), dim3 grid, dim3 block, int shared_bytes, void* stream,
                   A const&... arguments) {
  // More than 48 KB of shared memory must be asked for.
  if (shared_bytes > 48 * 1024)
    check_cuda(
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes),
        "shared memory of a kernel");
  kernel<<<grid, block, shared_bytes, static_cast<cudaStream_t>(stream)>>>(arguments...);
  check_cuda(cudaGetLastError(), "launch of a kernel");
}

}  // namespace vlsm::kernels

/// VLSM_LAUNCH(kernel, grid, block, shared_bytes, stream, arguments...)
#define VLSM_LAUNCH(...) ::vlsm::kernels::launch_kernel(__VA_ARGS__)

#else

#include "emulation/cuda.hpp"

namespace vlsm::kernels {

inline int compute_capability() { return emulation::options.capability; }
inline int multiprocessors() { return emulation::options.multiprocessors; }

}  // namespace vlsm::kernels

#define VLSM_LAUNCH(...) ::vlsm::emulation::launch(__VA_ARGS__)

#endif
