// SPDX-License-Identifier: MIT
#include "benchmarks/support/device.hpp"

#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/Sleep.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/support/place.hpp"

// Timing on a GPU: by events around each iteration, with its L2 cache as the last iteration left it
// or full of something else. Compiled with VLSM_CUDA only.
namespace vlsm::bench {
namespace {

class Stopwatch {
 public:
  /// Seconds between events before and after `run`. A kernel that only spins comes first: while it
  /// does, the host enqueues what is timed, and the time is not that of the launches.
  double operator()(Run const& run) {
    constexpr std::int64_t head_start = 500'000;  // cycles, about a quarter of a millisecond
    at::cuda::sleep(head_start);
    begin_.record();
    run();
    end_.record();
    end_.synchronize();
    return 1e-3 * begin_.elapsed_time(end_);
  }

 private:
  at::cuda::CUDAEvent begin_{cudaEventDefault}, end_{cudaEventDefault};
};

double time_by_events(benchmark::State& state, Run const& run, Run const& before_each) {
  for (int warming = 0; warming < 5; ++warming) run();
  Stopwatch stopwatch;
  double sum = 0;
  for (auto _ : state) {
    before_each();
    double const took = stopwatch(run);
    state.SetIterationTime(took);
    sum += took;
  }
  return sum;
}

double time_warm(benchmark::State& state, Run const& run) {
  return time_by_events(state, run, [] {});
}

/// Overwrites twice as much as the L2 cache holds before each iteration.
double time_cold(benchmark::State& state, Run const& run) {
  std::int64_t const bytes = 2LL * at::cuda::getCurrentDeviceProperties()->l2CacheSize;
  at::Tensor const other = at::empty({bytes}, at::TensorOptions(at::kCUDA).dtype(at::kByte));
  return time_by_events(state, run, [&] { other.fill_(1); });
}

/// A product of 8192 x 8192 matrices of each type, arrays of 1 GB; measured once.
Peak device_peak(Dtype const& dtype) {
  auto const shortest = [](Run const& run) {
    Stopwatch stopwatch;
    double best = stopwatch(run);
    for (int i = 0; i < 20; ++i) best = std::min(best, stopwatch(run));
    return best;
  };
  static std::map<std::string, double> products;
  if (!products.contains(dtype.name)) {
    at::globalContext().setAllowTF32CuBLAS(dtype.tf32);
    auto const numbers = at::TensorOptions(at::kCUDA).dtype(dtype.type);
    products[dtype.name] = product_peak(numbers, 8192, shortest);
  }
  static double const triad = triad_peak(at::kCUDA, 250'000'000, shortest);
  return {.flops = products[dtype.name], .bytes = triad};
}

}  // namespace

std::vector<Place> on_device(Dtype const& dtype) {
  if (!at::hasCUDA()) return {};
  Place warm{.dtype = dtype,
             .device = at::kCUDA,
             .axes = "/device:cuda/l2:warm",
             .peak = device_peak(dtype),
             .time = time_warm};
  Place cold = warm;
  cold.axes = "/device:cuda/l2:cold";
  cold.time = time_cold;
  return {warm, cold};
}

void describe_device() {
  if (!at::hasCUDA()) {
    std::fputs("skipped: no device\n", stderr);
    return;
  }
  benchmark::AddCustomContext("device", at::cuda::getCurrentDeviceProperties()->name);
  for (Dtype const& dtype : {f32, tf32, f16, bf16})
    benchmark::AddCustomContext(std::string("device_peak_gflops_") + dtype.name,
                                giga(device_peak(dtype).flops));
  benchmark::AddCustomContext("device_peak_gbytes", giga(device_peak(f32).bytes));
}

}  // namespace vlsm::bench
