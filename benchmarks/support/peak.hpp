// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "benchmarks/support/case.hpp"

namespace vlsm::bench {

/// Seconds of the shortest of `times` runs: what the machine can do, not what it did on average.
template <class F>
double shortest(int times, F const& run) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < times; ++i) {
    auto const begin = std::chrono::steady_clock::now();
    run();
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best;
}

/// A float32 product of 1024 x 1024 matrices, and a triad a = b + s c over arrays of 256 MB,
/// counted as STREAM does (two reads and one write).
inline Peak measure_peak() {
  constexpr std::int64_t side = 1024, count = 256 * 1000 * 1000 / 4;
  at::NoGradGuard const no_grad;
  Peak peak;
  {
    at::Tensor const a = at::rand({side, side}), b = at::rand({side, side});
    at::Tensor product = at::empty({side, side});
    double const took = shortest(60, [&] { at::mm_out(product, a, b); });
    peak.flops = 2.0 * side * side * side / took;
  }
  at::Tensor const b = at::ones({count}), c = at::ones({count});
  at::Tensor sum = at::zeros({count});
  double const took = shortest(8, [&] { at::add_out(sum, b, c, 3); });
  peak.bytes = 3.0 * 4.0 * count / took;
  return peak;
}

}  // namespace vlsm::bench
