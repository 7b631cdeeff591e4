// SPDX-License-Identifier: MIT
#pragma once

// Small functions that the vectorized CPU bodies and the CUDA kernels share: they become part of
// their caller, whatever instruction set or device that is compiled for.
#ifdef __CUDACC__
#define VLSM_EVERYWHERE __host__ __device__ __forceinline__
#else
#define VLSM_EVERYWHERE inline __attribute__((always_inline))
#endif
