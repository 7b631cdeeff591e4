// SPDX-License-Identifier: MIT
#include "kernels/attention_runs.hpp"
#include "vlsm/kernels/attention/tuning.hpp"

using namespace vlsm::test;
namespace emulation = vlsm::emulation;

namespace {

void check_backward(AttentionCase const& c, WorstRatio& worst) {
  AttentionInputs const in = random_inputs(c);
  AttentionRun run(c, in);
  run.backward(c);
  AttentionResults const exact = plain_attention<double>(c, in),
                         plain = plain_attention<float>(c, in);
  bool untouched = true;
  worst.take(c, "grad_q",
             error_ratio(c, run.grad_q.numbers(untouched), plain.grad_q, exact.grad_q));
  worst.take(c, "grad_k",
             error_ratio(c, run.grad_k.numbers(untouched), plain.grad_k, exact.grad_k));
  worst.take(c, "grad_v",
             error_ratio(c, run.grad_v.numbers(untouched), plain.grad_v, exact.grad_v));
  CHECK_MESSAGE(untouched, "bytes between the rows of ", c.name());
}

void check_all(Arithmetic arithmetic) {
  WorstRatio worst;
  for (AttentionCase const& c : covering_cases(arithmetic)) check_backward(c, worst);
}

}  // namespace

TEST_CASE("fusion attention, backward: float") { check_all(Arithmetic::f32); }
TEST_CASE("fusion attention, backward: TF32") { check_all(Arithmetic::tf32); }
TEST_CASE("fusion attention, backward: half" * doctest::skip(sanitized)) {
  check_all(Arithmetic::f16);
}
TEST_CASE("fusion attention, backward: bfloat16") { check_all(Arithmetic::bf16); }

TEST_CASE("fusion attention, backward: tiles of keys, groups of queries, groups of keys") {
  WorstRatio worst;
  emulation::options.capability = 86;
  check_backward({1, 1, 70, 300, 128, Arithmetic::f32}, worst);
  check_backward({2, 1, 70, 600, 64, Arithmetic::tf32, Layout::sliced, {600, 300}}, worst);
  check_backward({2, 1, 130, 700, 128, Arithmetic::bf16, Layout::odd, {0, 699}, 0.1}, worst);
  emulation::options.capability = 87;
  emulation::options.multiprocessors = 4;
  check_backward({1, 5, 420, 9, 16, Arithmetic::f16}, worst);
}

TEST_CASE(
    "fusion attention, backward: where one kernel ends and three begin; a single tile at a time") {
  namespace kernels = vlsm::kernels;
  WorstRatio worst;
  for (int keys : {113, 128, 129})
    check_backward({1, 2, 70, keys, 64, Arithmetic::bf16, Layout::sliced, {keys - 2}, 0.2}, worst);
  check_backward({2, 1, 33, 1, 64, Arithmetic::f16, Layout::odd, {}, 0.5}, worst);
  check_backward({2, 1, 33, 33, 80, Arithmetic::tf32, Layout::transposed, {0, 33}, 0.2}, worst);
  // 99 KB a block, and a GPU so small that a block takes many tiles.
  emulation::options.capability = 86;
  emulation::options.multiprocessors = 1;
  AttentionCase const small{1, 1, 150, 128, 64, Arithmetic::f16, Layout::contiguous, {}, 0.2};
  AttentionCase const wide{1, 1, 70, 77, 128, Arithmetic::bf16, Layout::odd, {76}, 0.2};
  auto const tuning = kernels::attention_tuning(86, 1);
  CHECK(kernels::fused_plan(small.shape(), tuning).tile == 16);
  CHECK(kernels::fused_plan(wide.shape(), tuning).stages == 1);
  check_backward(small, worst);
  check_backward(wide, worst);
  emulation::options = {};
}

TEST_CASE("fusion attention, backward: no keys, no queries") {
  for (Arithmetic arithmetic : {Arithmetic::f32, Arithmetic::f16}) {
    for (auto const& [queries, keys] : {std::pair{19, 0}, std::pair{0, 19}}) {
      AttentionCase const c{1, 2, queries, keys, 16, arithmetic};
      AttentionRun run(c, random_inputs(c));
      run.backward(c);
      bool untouched = true;
      for (Laid const* grad : {&run.out, &run.grad_q, &run.grad_k, &run.grad_v})
        for (double x : grad->numbers(untouched)) CHECK(x == 0);
    }
  }
}

TEST_CASE("fusion attention, backward: the order of threads and blocks changes no bit") {
  for (Arithmetic arithmetic :
       {Arithmetic::f32, Arithmetic::tf32, Arithmetic::f16, Arithmetic::bf16}) {
    AttentionCase const c{1, 2, 99, 77, 64, arithmetic, Layout::sliced, {70}, 0.1};
    AttentionInputs const in = random_inputs(c);
    auto const run_with = [&](unsigned seed) {
      emulation::options.seed = seed;
      AttentionRun run(c, in);
      run.backward(c);
      return run;
    };
    AttentionRun const first = run_with(1);
    for (unsigned seed : {2u, 3u}) {
      AttentionRun const again = run_with(seed);
      CHECK(first.grad_q.same_bits(again.grad_q));
      CHECK(first.grad_k.same_bits(again.grad_k));
      CHECK(first.grad_v.same_bits(again.grad_v));
    }
  }
}

TEST_CASE(
    "fusion attention: recorded as a graph and replayed, the same bits; nothing is read back") {
  // Of 130 keys, three kernels of the backward; of 77 two.
  for (int keys : {77, 130}) {
    AttentionCase const c{1,          2,  70, keys, 32, Arithmetic::bf16, Layout::contiguous,
                          {keys - 3}, 0.1};
    AttentionInputs const in = random_inputs(c);
    AttentionRun eager(c, in);
    eager.backward(c);
    AttentionRun later(c, in);
    later.out = Laid(c, c.queries);
    later.lse.assign(later.lse.size(), NAN);
    std::vector<float> workspace(vlsm::kernels::workspace_bytes(c.shape()) / sizeof(float), NAN);
    auto const graph = emulation::capture([&] {
      launch(
          vlsm::kernels::FusionAttentionForward{c.shape(), later.q.data(), later.k.data(),
                                                later.v.data(), later.out.data(), later.lse.data(),
                                                later.q.strides, later.k.strides, later.v.strides,
                                                later.out.strides},
          nullptr);
      launch(
          vlsm::kernels::FusionAttentionBackward{
              c.shape(), later.q.data(), later.k.data(), later.v.data(), later.out.data(),
              later.grad_out.data(), later.lse.data(), later.grad_q.data(), later.grad_k.data(),
              later.grad_v.data(), workspace.data(), later.q.strides, later.k.strides,
              later.v.strides, later.out.strides, later.grad_out.strides, later.grad_q.strides,
              later.grad_k.strides, later.grad_v.strides},
          nullptr);
    });
    CHECK(graph.launches.size() == (keys == 77 ? 3u : 4u));
    CHECK(std::isnan(later.lse[0]));
    for (int turn = 0; turn < 2; ++turn) {
      graph.replay();
      CHECK(later.out.same_bits(eager.out));
      CHECK(later.grad_q.same_bits(eager.grad_q));
      CHECK(later.grad_k.same_bits(eager.grad_k));
      CHECK(later.grad_v.same_bits(eager.grad_v));
    }
  }
}
