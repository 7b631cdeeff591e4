// SPDX-License-Identifier: MIT
#pragma once

// What host and device share compiles with any C++20 compiler; only nvcc wants these words.
// VLSM_EVERYWHERE: small functions that the vectorized CPU bodies and the CUDA kernels share become
// part of their caller, whatever instruction set or device that is compiled for.
#ifdef __CUDACC__
#define VLSM_HOST_DEVICE __host__ __device__
#define VLSM_EVERYWHERE __host__ __device__ __forceinline__
#define VLSM_UNROLL _Pragma("unroll")
#define VLSM_ROLLED _Pragma("unroll 1")
#else
#define VLSM_HOST_DEVICE
#define VLSM_EVERYWHERE inline __attribute__((always_inline))
#define VLSM_UNROLL
#define VLSM_ROLLED
#endif
