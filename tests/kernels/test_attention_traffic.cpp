// SPDX-License-Identifier: MIT
#include "kernels/attention_runs.hpp"
#include "kernels/traffic.hpp"
#include "vlsm/kernels/attention/tuning.hpp"

// The bytes that attention moves, counted under the emulation, against what docs/kernels.md says.

using namespace vlsm;
using namespace vlsm::kernels;
using test::moved, test::passes;

TEST_CASE("traffic: attention reads and writes what belongs to queries as often as the docs say") {
  emulation::options.multiprocessors = 2;
  for (double dropout : {0.0, 0.2}) {
    test::AttentionCase const c{1,  2,      320, 77, 64, Arithmetic::bf16, test::Layout::contiguous,
                                {}, dropout};
    auto const in = test::random_inputs(c);
    AttentionShape const shape = c.shape();
    AttentionTuning const tuning = attention_tuning(80, 2);
    std::size_t const queries = 2 * 320 * 64 * sizeof(BFloat16),
                      keys = 2 * 77 * 64 * sizeof(BFloat16), sums = 2 * 77 * 64 * sizeof(float);
    QueryPlan const plan = query_plan(shape, 1, 16, tuning);
    auto const blocks = static_cast<std::size_t>(divide_up(320, plan.warps * 16 * plan.groups));
    auto const forward = moved([&] { test::AttentionRun const run(c, in); });
    auto const [read, written] = passes("attention, forward");
    CHECK(forward.read == read * queries + 2 * blocks * keys);
    CHECK(forward.written == written * queries);
    test::AttentionRun run(c, in);
    auto const backward = moved([&] { run.backward(c); });
    auto const splits = static_cast<std::size_t>(fused_plan(shape, tuning).splits);
    auto const [read_back, written_back] = passes("attention, backward, up to 128 keys");
    CHECK(backward.read == read_back * queries + 2 * splits * (keys + sums));
    CHECK(backward.written == written_back * queries + 2 * splits * sums);
  }
  emulation::options = {};
}
