// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Context.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/support/place.hpp"

// How every benchmark here is made: inputs are prepared and the result is checked once, then it is
// timed, and its rate is set against what the machine reached when the program started.
namespace vlsm::bench {

/// The work of one iteration, in the unit that bounds it. `items` counts what has no such bound.
struct Work {
  double flops = 0;
  double bytes = 0;  ///< the least that must move
  double items = 0;
};

/// A benchmark that is ready: what its check found ("" where the result is right), and one
/// iteration.
struct Prepared {
  std::string wrong;
  Run run;
};

struct Case {
  std::string name;  ///< BM_Block/axis:value/axis:value
  Work work;
  benchmark::TimeUnit unit = benchmark::kMillisecond;
  std::function<Prepared()> prepare;  ///< called only if the benchmark is chosen
  Place place = on_cpu();
};

/// Rates, and which share of the bound they reach: of the measured peak of arithmetic or of memory,
/// whichever asks for more time.
inline void count(benchmark::State& state, Case const& one, double seconds) {
  using benchmark::Counter;
  auto const& [flops, bytes, items] = one.work;
  Peak const& peak = one.place.peak;
  auto const each = static_cast<double>(state.iterations()) / seconds;
  auto const rate = [&](double amount) {
    return Counter(amount * each, Counter::kDefaults, Counter::kIs1000);
  };
  if (flops > 0) state.counters["FLOP/s"] = rate(flops);
  if (bytes > 0) state.counters["bytes/s"] = rate(bytes);
  if (items > 0) state.counters["items/s"] = rate(items);
  double const least = std::max(flops / peak.flops, bytes / peak.bytes);
  if (least > 0) state.counters["peak_share"] = least * each;
}

inline Prepared prepare_or_explain(Case const& one) {
  try {
    return one.prepare();
  } catch (std::exception const& error) {
    return {.wrong = error.what(), .run = {}};
  }
}

/// The one benchmark that is ready. Repetitions share it, and the next one takes its place: two
/// models are never in memory at once.
inline Prepared const& ready(std::shared_ptr<Case const> const& one) {
  static std::shared_ptr<Case const> whose;
  static Prepared prepared;
  if (whose != one) {
    prepared = {};
    whose = one;
    prepared = prepare_or_explain(*one);
  }
  return prepared;
}

/// Registers a benchmark; a wrong result or a missing fixture is one line instead of a time.
inline void add(Case one) {
  auto const shared = std::make_shared<Case const>(std::move(one));
  auto const body = [shared](benchmark::State& state) {
    at::globalContext().setAllowTF32CuBLAS(shared->place.dtype.tf32);
    at::globalContext().setAllowTF32CuDNN(shared->place.dtype.tf32);
    Prepared const& prepared = ready(shared);
    if (!prepared.wrong.empty()) {
      state.SkipWithError(prepared.wrong.c_str());
      return;
    }
    double const seconds = shared->place.time(state, prepared.run);
    count(state, *shared, seconds);
  };
  auto* const registered =
      benchmark::RegisterBenchmark((shared->name + shared->place.axes).c_str(), body)
          ->Unit(shared->unit);
  // On a GPU the time of the events counts, and each iteration waits for them: so many, however
  // short one is.
  constexpr int device_iterations = 100;
  if (shared->place.device.is_cpu())
    registered->UseRealTime();
  else
    registered->UseManualTime()->Iterations(device_iterations);
}

/// What a file adds: `Registration const all([] { add(…); });`. main() runs them in the order of
/// CMakeLists.txt, once the peaks are measured.
class Registration {
 public:
  explicit Registration(void (*add_all)()) { list().push_back(add_all); }
  static void run() {
    for (auto const add_all : list()) add_all();
  }

 private:
  static std::vector<void (*)()>& list() {
    static std::vector<void (*)()> all;
    return all;
  }
};

}  // namespace vlsm::bench
