// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>

namespace vlsm::bench {

/// What a machine reaches, measured by the program itself before it times anything.
struct Peak {
  double flops = 0;  ///< per second, a product of matrices
  double bytes = 0;  ///< per second, a triad
};

/// FLOP/s of a product of `side` x `side` matrices.
///
/// @param numbers their type and device
/// @param shortest seconds of the shortest of several runs of its argument: what the machine can
/// do, not what it did on average
template <class Shortest>
double product_peak(at::TensorOptions const& numbers, std::int64_t side, Shortest const& shortest) {
  at::NoGradGuard const no_grad;
  at::Tensor const a = at::rand({side, side}, numbers), b = at::rand({side, side}, numbers);
  at::Tensor product = at::empty({side, side}, numbers);
  double const took = shortest([&] { at::mm_out(product, a, b); });
  return 2.0 * static_cast<double>(side * side * side) / took;
}

/// Bytes/s of a triad a = b + s c over float32 arrays of `count`, counted as STREAM does (two reads
/// and one write).
template <class Shortest>
double triad_peak(at::Device device, std::int64_t count, Shortest const& shortest) {
  at::NoGradGuard const no_grad;
  at::TensorOptions const numbers = at::TensorOptions(device).dtype(at::kFloat);
  at::Tensor const b = at::ones({count}, numbers), c = at::ones({count}, numbers);
  at::Tensor sum = at::zeros({count}, numbers);
  double const took = shortest([&] { at::add_out(sum, b, c, 3); });
  return 3.0 * 4.0 * static_cast<double>(count) / took;
}

/// FLOP/s of the same product as a convolution, 1 x 1 with `side` channels over as many pixels:
/// oneDNN computes it, which on some CPUs is far ahead of the library behind at::mm.
template <class Shortest>
double convolution_peak(std::int64_t side, Shortest const& shortest) {
  at::NoGradGuard const no_grad;
  at::Tensor const x = at::rand({1, side, 1, side}), weight = at::rand({side, side, 1, 1});
  double const took = shortest([&] { at::conv2d(x, weight); });
  return 2.0 * static_cast<double>(side * side * side) / took;
}

/// Operations/s of a product of `side` x `side` matrices of int8 with int32 sums.
template <class Shortest>
double int8_peak(std::int64_t side, Shortest const& shortest) {
  at::Tensor const a = at::randint(-127, 128, {side, side}, at::kChar),
                   b = at::randint(-127, 128, {side, side}, at::kChar);
  double const took = shortest([&] { at::_int_mm(a, b); });
  return 2.0 * static_cast<double>(side * side * side) / took;
}

/// For the peaks above, on the CPU: seconds of the shortest of `times` runs.
inline auto shortest_of(int times) {
  return [times](auto const& run) {
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < times; ++i) {
      auto const begin = std::chrono::steady_clock::now();
      run();
      std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begin;
      best = std::min(best, took.count());
    }
    return best;
  };
}

/// The CPU's: a float32 product of 1024 x 1024 matrices, by whoever is faster, and arrays of 256
/// MB.
inline Peak const& cpu_peak() {
  static Peak const measured{.flops = std::max(product_peak(at::kFloat, 1024, shortest_of(60)),
                                               convolution_peak(1024, shortest_of(60))),
                             .bytes = triad_peak(at::kCPU, 64'000'000, shortest_of(8))};
  return measured;
}

/// The CPU's peaks in the types that inference engines compute in, a second.
struct CpuPeaks {
  double fp32 = 0, bf16 = 0, int8 = 0;  ///< operations of products
  double triad = 0;                     ///< bytes
};
inline CpuPeaks cpu_peaks() {
  return {.fp32 = cpu_peak().flops,
          .bf16 = product_peak(at::kBFloat16, 1024, shortest_of(60)),
          .int8 = int8_peak(1024, shortest_of(60)),
          .triad = cpu_peak().bytes};
}

/// A rate in units of 10^9, with one decimal, as the results' context holds it.
inline std::string giga(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", rate * 1e-9);
  return text;
}

}  // namespace vlsm::bench
