// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "benchmarks/support/peak.hpp"
#include "vlsm/version.hpp"

// Times the library's blocks, each after a check of its result:
//   vlsm_bench --benchmark_filter=Vision
namespace vlsm::bench {

void add_vision();
void add_text();
void add_film();
void add_fusion_attention();
void add_decoder();
void add_heads();
void add_clipseg();
void add_tokenizer();
void add_image();
void add_loss();
void add_study();

Peak const& peak() {
  static Peak const measured = measure_peak();
  return measured;
}

namespace {

std::string giga(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", rate * 1e-9);
  return text;
}

}  // namespace
}  // namespace vlsm::bench

int main(int argc, char** argv) {
  using namespace vlsm::bench;
  add_vision();
  add_text();
  add_film();
  add_fusion_attention();
  add_decoder();
  add_heads();
  add_clipseg();
  add_tokenizer();
  add_image();
  add_loss();
  add_study();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("vlsm", VLSM_VERSION);
  benchmark::AddCustomContext("threads", std::to_string(at::get_num_threads()));
  benchmark::AddCustomContext("peak_gflops", giga(peak().flops));
  benchmark::AddCustomContext("peak_gbytes", giga(peak().bytes));
  // Inference throughout; the loss turns autograd on for itself.
  at::NoGradGuard const no_grad;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
