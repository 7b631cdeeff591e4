// SPDX-License-Identifier: MIT
#include "emulation/cuda.hpp"
#include "kernels/add_norm_case.hpp"
#include "support/sanitized.hpp"

// Residual and layer normalization as a GPU runs them, against plain loops in double.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;
using test::AddNorm, test::Numbers;

template <class X, class R, class W>
void run(AddNorm<X, R, W>& a) {
  launch(a.forward(), nullptr);
  std::vector<float> workspace(static_cast<std::size_t>(add_norm_workspace(a.shape)), NAN);
  launch(a.backward(workspace.data()), nullptr);
}

template <class T>
void compare_all() {
  test::ErrorRatios ratios;
  test::each_add_norm<T>([&](AddNorm<T> a) {
    run(a);
    test::compare(a, ratios);
  });
}

TEST_CASE("residual and norm on a device: float32") { compare_all<float>(); }
TEST_CASE("residual and norm on a device: float16" * doctest::skip(test::sanitized)) {
  compare_all<Half>();
}
TEST_CASE("residual and norm on a device: bfloat16") { compare_all<BFloat16>(); }

TEST_CASE("residual and norm on a device: types as autocast mixes them") {
  test::ErrorRatios ratios;
  test::each_mixed_add_norm([&](auto a) {
    run(a);
    test::compare(a, ratios);
  });
}

TEST_CASE("residual and norm on a device: a team walks through many rows") {
  test::ErrorRatios ratios;
  emulation::options.multiprocessors = 1;
  for (int columns : {39, 64, 300, 700, 900, 1500}) {
    AddNorm<BFloat16, float, float> mixed(153, columns, true, true, 0.5f, 0.25);
    run(mixed);
    test::compare(mixed, ratios);
    AddNorm<float> same(153, columns, true, false);
    run(same);
    test::compare(same, ratios);
  }
  emulation::options = {};
}

TEST_CASE("residual and norm on a device: z and the statistics need not be written") {
  AddNorm<BFloat16> whole(9, 80, true, false), bare = whole;
  launch(whole.forward(), nullptr);
  AddNormForward forward = bare.forward();
  forward.z = nullptr;
  forward.mean = forward.inverse_deviation = nullptr;
  launch(forward, nullptr);
  for (std::size_t i = 0; i < whole.y.stored.size(); ++i) CHECK(whole.y.at(i) == bare.y.at(i));
}

TEST_CASE("residual and norm on a device: z over x, grad_x over grad_y, arrays at any element") {
  AddNorm<float> apart(21, 64, true, true), over = apart;
  run(apart);
  AddNormForward forward = over.forward();
  forward.z = over.x.data();
  launch(forward, nullptr);
  CHECK(over.x.stored == apart.z.stored);
  over.grad_y.stored.insert(over.grad_y.stored.begin(), 7.0f);
  float* const grad = over.grad_y.data() + 1;
  std::vector<float> workspace(static_cast<std::size_t>(add_norm_workspace(over.shape)));
  AddNormBackward backward = over.backward(workspace.data());
  backward.z = over.x.data();
  backward.grad_y = backward.grad_x = grad;
  launch(backward, nullptr);
  over.grad_y.stored.erase(over.grad_y.stored.begin());
  CHECK(over.grad_y.stored == apart.grad_x.stored);
  CHECK(over.grad_weight.stored == apart.grad_weight.stored);
}

TEST_CASE("residual and norm on a device: the residual's gradient may begin at any element") {
  AddNorm<float> apart(21, 64, true, true, 0.5f, 0.25), moved = apart;
  run(apart);
  launch(moved.forward(), nullptr);
  moved.grad_residual.stored.push_back(0);
  std::vector<float> workspace(static_cast<std::size_t>(add_norm_workspace(moved.shape)));
  AddNormBackward backward = moved.backward(workspace.data());
  backward.grad_residual = moved.grad_residual.data() + 1;
  launch(backward, nullptr);
  moved.grad_residual.stored.erase(moved.grad_residual.stored.begin());
  CHECK(moved.grad_residual.stored == apart.grad_residual.stored);
  CHECK(moved.grad_x.stored == apart.grad_x.stored);
}

TEST_CASE("residual and norm on a device: the order of threads and blocks changes no bit") {
  AddNorm<float> first(131, 300, true, true), again = first;
  emulation::options.seed = 1;
  run(first);
  emulation::options.seed = 2;
  run(again);
  CHECK(again.y.stored == first.y.stored);
  CHECK(again.grad_x.stored == first.grad_x.stored);
  CHECK(again.grad_weight.stored == first.grad_weight.stored);
  CHECK(again.grad_bias.stored == first.grad_bias.stored);
}

TEST_CASE("residual and norm on a device: no rows, no gradient; what is refused, in one line") {
  AddNorm<float> none(0, 5, false, false);
  none.grad_weight = none.grad_bias = Numbers<float>(5, 1, 5);
  run(none);
  CHECK(none.grad_weight.stored == std::vector<float>(5));
  CHECK(none.grad_bias.stored == std::vector<float>(5));
  AddNormForward wrong;
  wrong.shape = {1, 2052};
  CHECK_THROWS_WITH_AS(launch(wrong, nullptr),
                       "rows of 2052 numbers: residual and norm: take at most 2048, or another "
                       "backend",
                       Error);
  wrong.shape = {1, 16, Element::f16, Element::f16, Element::bf16};
  CHECK_THROWS_WITH_AS(launch(wrong, nullptr),
                       "arrays of types that do not go together: residual and norm: give z the "
                       "type of x + residual, weight and bias that type or float32",
                       Error);
  wrong.shape = {1, 16, Element::boolean};
  CHECK_THROWS_WITH_AS(launch(wrong, nullptr),
                       "rows that are no floats: residual and norm: give them as float32, float16 "
                       "or bfloat16",
                       Error);
}

TEST_CASE("residual and norm on a device: recorded as a graph and replayed, two launches back") {
  AddNorm<BFloat16, float, float> eager(19, 64, true, true, 0.5f, 0.25), later = eager;
  run(eager);
  std::vector<float> workspace(static_cast<std::size_t>(add_norm_workspace(later.shape)), NAN);
  auto const forward = emulation::capture([&] { launch(later.forward(), nullptr); });
  auto const backward =
      emulation::capture([&] { launch(later.backward(workspace.data()), nullptr); });
  CHECK(forward.launches.size() == 1);
  CHECK(backward.launches.size() == 2);
  CHECK(std::isnan(later.mean[0]));
  for (int turn = 0; turn < 2; ++turn) {
    forward.replay();
    backward.replay();
    CHECK(later.y.stored == eager.y.stored);
    CHECK(later.grad_weight.stored == eager.grad_weight.stored);
    for (std::size_t i = 0; i < eager.grad_x.stored.size(); ++i)
      CHECK(later.grad_x.stored[i].bits == eager.grad_x.stored[i].bits);
  }
}

}  // namespace
