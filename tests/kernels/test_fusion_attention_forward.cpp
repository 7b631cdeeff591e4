// SPDX-License-Identifier: MIT
#include "kernels/attention_runs.hpp"

using namespace vlsm::test;
namespace emulation = vlsm::emulation;

namespace {

void check_forward(AttentionCase const& c, WorstRatio& worst) {
  AttentionInputs const in = random_inputs(c);
  AttentionRun const run(c, in);
  AttentionResults const exact = plain_attention<double>(c, in),
                         plain = plain_attention<float>(c, in);
  bool untouched = true;
  worst.take(c, "out", error_ratio(c, run.out.numbers(untouched), plain.out, exact.out));
  AttentionCase in_float = c;
  in_float.arithmetic = Arithmetic::f32;  // as it is stored
  worst.take(c, "lse",
             error_ratio(in_float, Numbers(run.lse.begin(), run.lse.end()), plain.lse, exact.lse));
  CHECK_MESSAGE(untouched, "bytes between the rows of ", c.name());
}

void check_all(Arithmetic arithmetic) {
  WorstRatio worst;
  for (AttentionCase const& c : covering_cases(arithmetic)) check_forward(c, worst);
}

}  // namespace

TEST_CASE("fusion attention, forward: float") { check_all(Arithmetic::f32); }
TEST_CASE("fusion attention, forward: TF32") { check_all(Arithmetic::tf32); }
TEST_CASE("fusion attention, forward: half" * doctest::skip(sanitized)) {
  check_all(Arithmetic::f16);
}
TEST_CASE("fusion attention, forward: bfloat16") { check_all(Arithmetic::bf16); }

TEST_CASE("fusion attention, forward: keys that do not fit shared memory come in tiles") {
  WorstRatio worst;
  // 99 KB a block: neither 300 keys of 128 floats nor 600 of 64 fit.
  emulation::options.capability = 86;
  check_forward({1, 1, 70, 300, 128, Arithmetic::f32}, worst);
  check_forward({2, 1, 70, 600, 64, Arithmetic::tf32, Layout::sliced, {600, 300}}, worst);
  check_forward({2, 1, 130, 700, 128, Arithmetic::bf16, Layout::odd, {0, 699}, 0.1}, worst);
}

TEST_CASE("fusion attention, forward: a block takes several groups of queries for the same keys") {
  WorstRatio worst;
  // A GPU with few multiprocessors is full soon.
  emulation::options.capability = 87;
  emulation::options.multiprocessors = 4;
  for (Arithmetic arithmetic : {Arithmetic::f32, Arithmetic::f16})
    check_forward({2, 4, 520, 9, 16, arithmetic}, worst);
  // In tiles, which each group loads anew.
  check_forward({1, 16, 66, 130, 128, Arithmetic::tf32}, worst);
}

TEST_CASE("fusion attention, forward: a row without keys is zero, its log-sum-exp minus infinity") {
  for (Arithmetic arithmetic :
       {Arithmetic::f32, Arithmetic::tf32, Arithmetic::f16, Arithmetic::bf16}) {
    AttentionCase const c{2, 1, 19, 7, 32, arithmetic, Layout::contiguous, {0, 7}};
    AttentionRun const run(c, random_inputs(c));
    bool untouched = true;
    Numbers const out = run.out.numbers(untouched);
    for (std::size_t i = 0; i < out.size(); ++i)
      CHECK((i < out.size() / 2 ? out[i] == 0 : std::isfinite(out[i])));
    for (std::size_t i = 0; i < 19; ++i) CHECK(run.lse[i] == -INFINITY);
  }
}

TEST_CASE("fusion attention, forward: the order of threads and blocks changes no bit") {
  for (Arithmetic arithmetic :
       {Arithmetic::f32, Arithmetic::tf32, Arithmetic::f16, Arithmetic::bf16}) {
    AttentionCase const c{1, 2, 99, 77, 64, arithmetic, Layout::sliced, {70}, 0.1};
    AttentionInputs const in = random_inputs(c);
    emulation::options.seed = 1;
    AttentionRun const first(c, in);
    for (unsigned seed : {2u, 3u, 4u}) {
      emulation::options.seed = seed;
      AttentionRun const again(c, in);
      CHECK(first.out.same_bits(again.out));
      CHECK(first.lse == again.lse);
    }
  }
}

TEST_CASE("fusion attention, forward: scores of any size stay finite") {
  for (Arithmetic arithmetic : {Arithmetic::f32, Arithmetic::tf32, Arithmetic::bf16}) {
    AttentionCase const c{1, 1, 19, 300, 16, arithmetic};
    AttentionInputs in = random_inputs(c);
    for (double& x : in.q) x *= 16384;
    AttentionRun const run(c, in);
    bool untouched = true;
    for (double x : run.out.numbers(untouched)) CHECK(std::abs(x) < 10);
  }
}

TEST_CASE("fusion attention: rows that lie too far apart are refused in one line") {
  AttentionCase const c{1, 1, 19, 7, 16, Arithmetic::f32};
  AttentionRun run(c, random_inputs(c));
  run.q.strides.row = std::int64_t{1} << 20;
  CHECK_THROWS_WITH_AS(
      launch(
          vlsm::kernels::FusionAttentionForward{c.shape(), run.q.data(), run.k.data(), run.v.data(),
                                                run.out.data(), nullptr, run.q.strides,
                                                run.k.strides, run.v.strides, run.out.strides},
          nullptr),
      "rows that lie 1048576 elements apart: fusion attention: make the tensors contiguous",
      vlsm::Error);
}
