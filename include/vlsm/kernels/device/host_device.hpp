// SPDX-License-Identifier: MIT
#pragma once

// What host and device share compiles with any C++20 compiler; only nvcc wants the two words.
#ifdef __CUDACC__
#define VLSM_HOST_DEVICE __host__ __device__
#define VLSM_UNROLL _Pragma("unroll")
#else
#define VLSM_HOST_DEVICE
#define VLSM_UNROLL
#endif
