// SPDX-License-Identifier: MIT
#include "emulation/cuda.hpp"
#include "kernels/add_norm_case.hpp"
#include "kernels/film_case.hpp"
#include "kernels/traffic.hpp"
#include "vlsm/kernels/segmentation_loss/launch.hpp"

// The bytes that the kernels move, counted under the emulation, against what docs/kernels.md says:
// how often each reads and writes arrays of its largest size.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;
using test::moved, test::passes;

}  // namespace

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
  auto const start = [&] {
    launch_loss(DiceForward{common, workspace.data(), value.data()}, Dice{}, EntropyOfLogits{},
                nullptr);
  };
  // Recorded as a graph, nothing runs and nothing is read back.
  value[0] = -1;
  auto const graph = emulation::capture(start);
  CHECK(graph.launches.size() == 2);
  CHECK(value[0] == -1);
  auto const forward = moved(start);
  float const eager = value[0];
  value[0] = -1;
  graph.replay();
  CHECK(value[0] == eager);
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
