// SPDX-License-Identifier: MIT
#pragma once

// CUDA on the CPU, for tests: enough of its language that the kernels of vlsm/kernels compile and
// run here, with the checks that a GPU does not make. A fault is a vlsm::Error that names block,
// thread and element. `__shared__` is missing on purpose: Shared<T> is the shared memory that can
// be checked.

#include <cmath>

#include "emulation/launch.hpp"
#include "emulation/shared.hpp"
#include "emulation/warp.hpp"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

template <class T>
T __ldg(T const* from) {
  return *from;
}

inline float rsqrtf(float value) { return 1.0f / std::sqrt(value); }
inline float __expf(float value) { return std::exp(value); }
