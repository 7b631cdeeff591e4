// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

// How every benchmark here is made: inputs are prepared and the result is checked once, then it is
// timed, and its rate is set against what this machine reached when the program started.
namespace vlsm::bench {

/// What this machine reaches, measured once at the start (support/peak.hpp).
struct Peak {
  double flops = 0;  ///< per second, a product of matrices
  double bytes = 0;  ///< per second, a triad
};
Peak const& peak();

/// The work of one iteration, in the unit that bounds it. `items` counts what has no such bound.
struct Work {
  double flops = 0;
  double bytes = 0;
  double items = 0;
};

/// A benchmark that is ready: what its check found ("" where the result is right), and one
/// iteration.
struct Prepared {
  std::string wrong;
  std::function<void()> run;
};

struct Case {
  std::string name;  ///< BM_Block/axis:value/axis:value
  Work work;
  benchmark::TimeUnit unit = benchmark::kMillisecond;
  std::function<Prepared()> prepare;  ///< called at most once, and only if the benchmark is chosen
};

/// Rates, and which share of the machine's own peak they are.
inline void count(benchmark::State& state, Work const& work, double seconds) {
  using benchmark::Counter;
  auto const rate = Counter::kIsIterationInvariantRate;
  if (work.flops > 0) state.counters["FLOP/s"] = Counter(work.flops, rate, Counter::kIs1000);
  if (work.bytes > 0) state.counters["bytes/s"] = Counter(work.bytes, rate, Counter::kIs1000);
  if (work.items > 0) state.counters["items/s"] = Counter(work.items, rate, Counter::kIs1000);
  double const share = work.flops / peak().flops + work.bytes / peak().bytes;
  if (share > 0)
    state.counters["peak_share"] = share * static_cast<double>(state.iterations()) / seconds;
}

inline Prepared prepare_or_explain(Case const& one) {
  try {
    return one.prepare();
  } catch (std::exception const& error) {
    return {.wrong = error.what(), .run = {}};
  }
}

/// Registers a benchmark; a wrong result or a missing fixture is one line instead of a time.
inline void add(Case one) {
  auto const shared = std::make_shared<Case const>(std::move(one));
  auto const ready = std::make_shared<std::optional<Prepared>>();
  auto const body = [shared, ready](benchmark::State& state) {
    if (!*ready) *ready = prepare_or_explain(*shared);
    if (!(*ready)->wrong.empty()) {
      state.SkipWithError((*ready)->wrong.c_str());
      return;
    }
    auto const begin = std::chrono::steady_clock::now();
    for (auto _ : state) (*ready)->run();
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begin;
    count(state, shared->work, took.count());
  };
  benchmark::RegisterBenchmark(shared->name.c_str(), body)->Unit(shared->unit)->UseRealTime();
}

}  // namespace vlsm::bench
