// SPDX-License-Identifier: MIT
#pragma once

#include "skeletons/kernel/launch.hpp"
#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/cuda/floats.cuh"

// A kernel to copy: what a GPU runs.
namespace vlsm::kernels {

// [cuda]
namespace blend {

inline constexpr int threads = 256;

template <class T>
__global__ void __launch_bounds__(threads) blend(Blend const a, bool const wide) {
  std::ptrdiff_t const at = step * (std::ptrdiff_t{blockIdx.x} * threads + threadIdx.x);
  if (at >= a.count) return;
  int const count = a.count - at < step ? static_cast<int>(a.count - at) : step;
  float x[step] = {}, z[step] = {};
  read(static_cast<T const*>(a.x) + at, count, wide, x);
  read(static_cast<T const*>(a.z) + at, count, wide, z);
  VLSM_UNROLL
  for (int i = 0; i < step; ++i) x[i] += a.weight * z[i];
  write(static_cast<T*>(a.y) + at, count, wide, x);
}

}  // namespace blend

void launch(Blend const& a, void* stream) {
  if (a.count == 0) return;
  with_floats(a.type, "numbers", "blend", [&]<class T>() {
    bool const wide = by_fours(static_cast<T const*>(a.x), step) &&
                      by_fours(static_cast<T const*>(a.z), step) &&
                      by_fours(static_cast<T const*>(a.y), step);
    constexpr std::ptrdiff_t each = step * blend::threads;
    auto const blocks = static_cast<unsigned>((a.count + each - 1) / each);
    VLSM_LAUNCH((blend::blend<T>), dim3(blocks), dim3(blend::threads), 0, stream, a, wide);
  });
}
// [cuda]

}  // namespace vlsm::kernels
