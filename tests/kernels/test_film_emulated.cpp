// SPDX-License-Identifier: MIT
#include "emulation/cuda.hpp"
#include "kernels/film_case.hpp"
#include "support/sanitized.hpp"

// FiLM's CUDA kernels, as a GPU runs them, against plain loops in double.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;
using test::Film, test::Numbers;

template <class T>
void run(Film<T>& film) {
  launch(film.forward(), nullptr);
  std::vector<float> workspace(static_cast<std::size_t>(film_workspace(film.shape)), NAN);
  launch(film.backward(workspace.data()), nullptr);
}

template <class T>
void compare_all() {
  test::ErrorRatios ratios;
  test::each_film<T>([&](Film<T> film) {
    run(film);
    test::compare(film, ratios);
  });
}

TEST_CASE("FiLM on a device: float32") { compare_all<float>(); }
TEST_CASE("FiLM on a device: float16" * doctest::skip(test::sanitized)) { compare_all<Half>(); }
TEST_CASE("FiLM on a device: bfloat16") { compare_all<BFloat16>(); }

TEST_CASE("FiLM on a device: arrays that begin at any element") {
  Film<float> film({2, 64, 20, true}, true, true), moved = film;
  run(film);
  for (auto* numbers : {&moved.x, &moved.residual, &moved.grad_y})
    numbers->stored.insert(numbers->stored.begin(), 7.0f);
  FilmForward forward{film.shape,        moved.x.data() + 1, film.scale.data(),
                      film.shift.data(), film.bias.data(),   moved.residual.data() + 1,
                      moved.y.data()};
  launch(forward, nullptr);
  CHECK(moved.y.stored == film.y.stored);
}

TEST_CASE("FiLM on a device: y over x, grad_x over grad_y") {
  for (bool tokens : {true, false}) {
    Film<float> film({2, 48, 133, tokens}, true, false), over = film;
    run(film);
    std::vector<float> workspace(static_cast<std::size_t>(film_workspace(film.shape)));
    launch(FilmBackward{over.shape, over.x.data(), over.scale.data(), over.bias.data(),
                        over.grad_y.data(), over.grad_y.data(), over.grad_scale.data(),
                        over.grad_shift.data(), over.grad_bias.data(), workspace.data()},
           nullptr);
    CHECK(over.grad_y.stored == film.grad_x.stored);
    CHECK(over.grad_scale.stored == film.grad_scale.stored);
    launch(FilmForward{over.shape, over.x.data(), over.scale.data(), over.shift.data(),
                       over.bias.data(), nullptr, over.x.data()},
           nullptr);
    CHECK(over.x.stored == film.y.stored);
  }
}

TEST_CASE("FiLM on a device: the order of threads and blocks changes no bit") {
  for (bool tokens : {true, false}) {
    Film<float> first({2, 80, 1031, tokens}, true, true), again = first;
    emulation::options.seed = 1;
    run(first);
    emulation::options.seed = 2;
    run(again);
    CHECK(again.grad_x.stored == first.grad_x.stored);
    CHECK(again.grad_scale.stored == first.grad_scale.stored);
    CHECK(again.grad_shift.stored == first.grad_shift.stored);
    CHECK(again.grad_bias.stored == first.grad_bias.stored);
  }
}

TEST_CASE("FiLM on a device: no positions, no gradient; other types are refused in one line") {
  Film<float> none({2, 5, 0, true}, true, false);
  none.grad_scale = none.grad_shift = Numbers<float>(10, 1, 5);
  none.grad_bias = Numbers<float>(5, 1, 5);
  run(none);
  CHECK(none.grad_scale.stored == std::vector<float>(10));
  CHECK(none.grad_shift.stored == std::vector<float>(10));
  CHECK(none.grad_bias.stored == std::vector<float>(5));
  none.shape = {1, 1, 1, true, Element::u8};
  CHECK_THROWS_WITH_AS(run(none),
                       "features that are no floats: FiLM: give them as float32, float16 or "
                       "bfloat16",
                       Error);
}

}  // namespace
