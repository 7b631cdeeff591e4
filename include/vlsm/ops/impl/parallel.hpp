// SPDX-License-Identifier: MIT
#pragma once

// g++ 12 takes members of LibTorch's small vectors for uninitialized.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/ops/empty.h>

#include "vlsm/base/compiled.hpp"
#include "vlsm/ops/parallel.hpp"

namespace vlsm::ops {

// at::parallel_for is a plain loop in every file that is compiled without -fopenmp, and with it a
// second OpenMP would be linked beside LibTorch's. Its iterator starts the threads inside LibTorch;
// what it walks over here is a tensor that nobody reads.
VLSM_INLINE void parallel_for(
    std::int64_t count, std::int64_t grain,
    std::function<void(std::int64_t first, std::int64_t last)> const& work) {
  if (count <= 0) return;
  if (count <= grain || at::get_num_threads() == 1) return work(0, count);
  at::Tensor const places = at::empty({count}, at::TensorOptions(at::kByte));
  auto* const begin = static_cast<char*>(places.mutable_data_ptr());
  auto iterator = at::TensorIterator::borrowing_nullary_op(places);
  iterator.for_each(
      [&](char** data, std::int64_t const*, std::int64_t size) {
        std::int64_t const first = data[0] - begin;
        work(first, first + size);
      },
      grain);
}

VLSM_INLINE int parallel_threads() { return at::get_num_threads(); }

}  // namespace vlsm::ops

#pragma GCC diagnostic pop
