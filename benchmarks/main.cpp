// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <benchmark/benchmark.h>

#include <string>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/device.hpp"
#include "vlsm/version.hpp"

// Times the library's blocks, each after a check of its result:
//   vlsm_bench --benchmark_filter=Vision
int main(int argc, char** argv) {
  using namespace vlsm::bench;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("vlsm", VLSM_VERSION);
  benchmark::AddCustomContext("threads", std::to_string(at::get_num_threads()));
  benchmark::AddCustomContext("peak_gflops", giga(cpu_peak().flops));
  benchmark::AddCustomContext("peak_gbytes", giga(cpu_peak().bytes));
#ifdef VLSM_KERNELS
  describe_device();
#endif
  Registration::run();
  // Inference throughout; what needs gradients turns autograd on for itself.
  at::NoGradGuard const no_grad;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
