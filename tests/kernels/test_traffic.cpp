// SPDX-License-Identifier: MIT
#include <array>

#include "emulation/cuda.hpp"
#include "kernels/add_norm_case.hpp"
#include "kernels/attention_runs.hpp"
#include "kernels/docs_table.hpp"
#include "kernels/film_case.hpp"
#include "vlsm/kernels/attention/tuning.hpp"
#include "vlsm/kernels/segmentation_loss/launch.hpp"

// The bytes that the kernels move, counted under the emulation, against what docs/kernels.md says:
// how often each reads and writes arrays of its largest size.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;

/// What `run` moves.
template <class Run>
emulation::Traffic moved(Run const& run) {
  emulation::traffic = {};
  run();
  return emulation::traffic;
}

/// Passes that are read and written, by the docs' table.
std::array<std::size_t, 2> passes(std::string const& kernel) {
  for (auto const& row : test::table_of_docs("passes"))
    if (row[0] == kernel)
      return {static_cast<std::size_t>(std::stoi(row[1])),
              static_cast<std::size_t>(std::stoi(row[3]))};
  FAIL("no row for ", kernel);
  return {};
}

}  // namespace

TEST_CASE("traffic: attention reads and writes what belongs to queries as often as the docs say") {
  emulation::options.multiprocessors = 2;
  for (double dropout : {0.0, 0.2}) {
    test::AttentionCase const c{
        1, 2, 320, 77, 64, Arithmetic::bf16, test::Layout::contiguous, {}, dropout};
    auto const in = test::random_inputs(c);
    AttentionShape const shape = c.shape();
    AttentionTuning const tuning = attention_tuning(80, 2);
    std::size_t const queries = 2 * 320 * 64 * sizeof(BFloat16), keys = 2 * 77 * 64 * sizeof(BFloat16),
                      sums = 2 * 77 * 64 * sizeof(float);
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

TEST_CASE("traffic: residual and norm, with float weights of 16-bit rows too") {
  emulation::options.multiprocessors = 2;
  auto const check = [](auto a, std::size_t number) {
    std::size_t const array = a.rows * a.columns * number;
    std::size_t const vectors = 2 * a.columns * sizeof(a.weight.stored[0]) * a.rows;
    auto const forward = moved([&] { launch(a.forward(), nullptr); });
    auto const [read, written] = passes("add_norm, forward");
    CHECK(forward.read == read * array + vectors);  // weight and bias: from the caches
    CHECK(forward.written == written * array);
    std::vector<float> workspace(static_cast<std::size_t>(add_norm_workspace(a.shape)));
    auto const backward = moved([&] { launch(a.backward(workspace.data()), nullptr); });
    auto const [read_back, written_back] = passes("add_norm, backward");
    CHECK(backward.read == read_back * array + vectors / 2);
    CHECK(backward.written == written_back * array);
  };
  for (int columns : {64, 512, 768, 1024, 2048}) {
    check(test::AddNorm<float>(37, columns, true, true), sizeof(float));
    check(test::AddNorm<BFloat16, BFloat16, float>(37, columns, true, true), sizeof(BFloat16));
  }
  emulation::options = {};
}

TEST_CASE("traffic: losses read logits and target once in each direction") {
  DiceSizes const size{2, 8192};
  std::vector<float> logits(2 * 8192, 0.5f), gradient(2 * 8192), grad(1, 1.0f);
  std::vector<std::uint8_t> target(2 * 8192, 1);
  std::vector<RegionLoss> regions(2);
  std::vector<DiceSums> workspace(static_cast<std::size_t>(dice_workspace(size)));
  std::vector<float> value(1);
  DiceOnDevice const common{size,          {.groups = 2}, Element::f32,  Element::u8,
                            logits.data(), target.data(), regions.data()};
  std::size_t const pixels = 2 * 8192, all = pixels * (sizeof(float) + 1);
  auto const [read, written] = passes("losses, sums");
  auto const forward = moved([&] {
    launch_loss(DiceForward{common, workspace.data(), value.data()}, Dice{}, EntropyOfLogits{},
                nullptr);
  });
  CHECK(forward.read == read * all);
  CHECK(forward.written == written * all);
  auto const [read_back, written_back] = passes("losses, gradient");
  auto const backward = moved([&] {
    launch_loss(DiceBackward{common, grad.data(), gradient.data()}, EntropyOfLogits{}, nullptr);
  });
  CHECK(backward.read == read_back * all);
  CHECK(backward.written == written_back * pixels * sizeof(float));
}

TEST_CASE("traffic: FiLM, tokens and maps") {
  for (bool tokens : {true, false}) {
    test::Film<BFloat16> film({2, 64, 512, tokens}, true, true);
    std::size_t const array = 2 * 64 * 512 * sizeof(BFloat16);
    auto const forward = moved([&] { launch(film.forward(), nullptr); });
    auto const [read, written] = passes("FiLM, forward, with residual");
    CHECK(forward.read == read * array);
    CHECK(forward.written == written * array);
    std::vector<float> workspace(static_cast<std::size_t>(film_workspace(film.shape)));
    auto const backward = moved([&] { launch(film.backward(workspace.data()), nullptr); });
    auto const [read_back, written_back] = passes("FiLM, backward");
    CHECK(backward.read == read_back * array);
    CHECK(backward.written == written_back * array);
  }
}
