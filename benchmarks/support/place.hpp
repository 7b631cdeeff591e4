// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "benchmarks/support/peak.hpp"

// Where a benchmark runs and in which numbers: what its name says of it, how it is timed there, and
// against which peak its rate is set.
namespace vlsm::bench {

struct Dtype {
  char const* name;  ///< of the axis dtype
  at::ScalarType type;
  bool tf32 = false;  ///< float32 that a GPU may round to 10 bits before it multiplies
};
inline constexpr Dtype f32{"f32", at::kFloat}, tf32{"tf32", at::kFloat, true},
    f16{"f16", at::kHalf}, bf16{"bf16", at::kBFloat16};

using Run = std::function<void()>;

struct Place {
  Dtype dtype = f32;
  at::Device device = at::kCPU;
  std::string axes;  ///< what the place adds to a name
  Peak peak;
  /// Runs the iterations that the state asks for; returns the seconds they took.
  std::function<double(benchmark::State&, Run const&)> time;
};

inline double time_by_wall_clock(benchmark::State& state, Run const& run) {
  auto const begin = std::chrono::steady_clock::now();
  for (auto _ : state) run();
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begin;
  return took.count();
}

inline Place on_cpu(Dtype const& dtype = f32) {
  return {.dtype = dtype,
          .device = at::kCPU,
          .axes = "",
          .peak = cpu_peak(),
          .time = time_by_wall_clock};
}

#ifdef VLSM_KERNELS
/// The GPU with a warm L2 cache and with a cold one; none where there is no GPU (device.cpp).
std::vector<Place> on_device(Dtype const& dtype);
#else
inline std::vector<Place> on_device(Dtype const& /*dtype*/) { return {}; }
#endif

/// The CPU with each of its types, then the GPU with each of its own.
inline std::vector<Place> places(std::initializer_list<Dtype> cpu,
                                 std::initializer_list<Dtype> device) {
  std::vector<Place> list;
  for (Dtype const& dtype : cpu) list.push_back(on_cpu(dtype));
  for (Dtype const& dtype : device)
    for (Place& place : on_device(dtype)) list.push_back(std::move(place));
  return list;
}

}  // namespace vlsm::bench
