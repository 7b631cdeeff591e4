// SPDX-License-Identifier: MIT
#pragma once

// What host and device share compiles with any C++20 compiler; only nvcc wants these words.
#ifdef __CUDACC__
#define VLSM_HOST_DEVICE __host__ __device__
#define VLSM_UNROLL _Pragma("unroll")
#define VLSM_ROLLED _Pragma("unroll 1")
#else
#define VLSM_HOST_DEVICE
#define VLSM_UNROLL
#define VLSM_ROLLED
#endif
