// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/common/blocks.hpp"
#include "vlsm/kernels/cuda/floats.cuh"

// Sums down the columns of a matrix in two stages, without atomics: blocks sum their rows, then
// `sum_of_splits` adds what the blocks found, in their order.
namespace vlsm::kernels {

/// A thread's four columns, and which of the block's lanes of rows it is. Threads beyond the last
/// lane, and columns beyond the last, have the count 0.
struct ColumnThread {
  int column, lane, count;

  __device__ ColumnThread(ColumnSplit const& split, int tile) {
    lane = threadIdx.x / split.fours;
    column = step * (tile * split.fours + threadIdx.x % split.fours);
    int const rest = split.columns - column;
    count = lane >= split.lanes || rest < 0 ? 0 : rest < step ? rest : step;
  }
};

/// Adds up the block's lanes; lane 0 gets the sums. Takes n * ColumnSplit::threads floats of shared
/// memory.
template <int n>
__device__ void add_lanes(ColumnSplit const& split, float (&sums)[n]) {
  constexpr int threads = ColumnSplit::threads;
  Shared<float> const all = shared_array<float>(0, n * threads);
  int const lane = threadIdx.x / split.fours, me = threadIdx.x;
  VLSM_UNROLL
  for (int i = 0; i < n; ++i) all[i * threads + me] = sums[i];
  for (int left = split.lanes; left > 1;) {
    __syncthreads();
    int const half = (left + 1) / 2;
    if (lane + half < left) {
      VLSM_UNROLL
      for (int i = 0; i < n; ++i) {
        sums[i] += all[i * threads + me + half * split.fours];
        all[i * threads + me] = sums[i];
      }
    }
    left = half;
  }
}

/// parts [splits, 2, count] -> first [count] and second [count], and the second as floats in
/// `exact` [count] where that is wanted. A block adds 32 columns, each by 8 threads.
template <class T>
__global__ void __launch_bounds__(256)
    sum_of_splits(float const* parts, int splits, std::ptrdiff_t count, T* first, T* second,
                  float* exact) {
  Shared<float> const all = shared_array<float>(0, 256);
  int const me = threadIdx.x % 32, lane = threadIdx.x / 32;
  std::ptrdiff_t const index = std::ptrdiff_t{32} * blockIdx.x + me;
  float sum = 0;
  if (index < 2 * count)
    for (int i = lane; i < splits; i += 8) sum += parts[2 * count * i + index];
  all[threadIdx.x] = sum;
  __syncthreads();
  if (lane > 0 || index >= 2 * count) return;
  for (int i = 1; i < 8; ++i) sum += all[32 * i + me];
  if (index < count) {
    first[index] = from_float<T>(sum);
  } else {
    second[index - count] = from_float<T>(sum);
    if (exact != nullptr) exact[index - count] = sum;
  }
}

template <class T>
void launch_sum_of_splits(float const* parts, int splits, std::ptrdiff_t count, void* first,
                          void* second, float* exact, void* stream) {
  VLSM_LAUNCH((sum_of_splits<T>), dim3(static_cast<unsigned>((2 * count + 31) / 32)), dim3(256),
              256 * sizeof(float), stream, parts, splits, count, static_cast<T*>(first),
              static_cast<T*>(second), exact);
}

}  // namespace vlsm::kernels
