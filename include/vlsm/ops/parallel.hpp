// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstdint>

namespace vlsm::ops {

/// Calls `f(first, last)` for stretches of [0, count) in LibTorch's own threads, `grain` or more
/// each. at::parallel_for is a plain loop in every file that is compiled without -fopenmp, and with
/// it a second OpenMP would be linked beside LibTorch's; its iterator starts the threads inside
/// LibTorch, and what it walks over here is a tensor that nobody reads.
template <class F>
void parallel_for(std::int64_t count, std::int64_t grain, F const& f) {
  if (count <= 0) return;
  if (count <= grain || at::get_num_threads() == 1) return f(std::int64_t{0}, count);
  at::Tensor const places = at::empty({count}, at::TensorOptions(at::kByte));
  auto* const begin = static_cast<char*>(places.mutable_data_ptr());
  auto iterator = at::TensorIterator::borrowing_nullary_op(places);
  iterator.for_each(
      [&](char** data, std::int64_t const*, std::int64_t size, std::int64_t) {
        std::int64_t const first = data[0] - begin;
        f(first, first + size);
      },
      grain);
}

}  // namespace vlsm::ops
