// SPDX-License-Identifier: MIT
#pragma once

// One kernel source, two worlds: nvcc compiles it for a card, any other compiler for the emulation
// of tests/emulation/, which must then be on the include path.

#include "vlsm/kernels/common/blocks.hpp"
#include "vlsm/kernels/common/host_device.hpp"

#ifdef __CUDACC__

#include <string>

#include "vlsm/base/error.hpp"

namespace vlsm::kernels {

inline void check_cuda(cudaError_t code, char const* where) {
  if (code == cudaSuccess) return;
  throw Error(std::string("CUDA says: ") + cudaGetErrorString(code), where,
              "run on another device, or with the ATen backend");
}

/// The card in use: 90 means compute capability 9.0.
inline int compute_capability() {
  int device = 0, major = 0, minor = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  check_cuda(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
             "cudaDeviceGetAttribute");
  check_cuda(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device),
             "cudaDeviceGetAttribute");
  return 10 * major + minor;
}

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

}  // namespace vlsm::kernels

#define VLSM_LAUNCH(...) ::vlsm::emulation::launch(__VA_ARGS__)

#endif
