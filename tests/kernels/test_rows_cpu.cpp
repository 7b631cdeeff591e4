// SPDX-License-Identifier: MIT
#include "kernels/add_norm_case.hpp"
#include "kernels/film_case.hpp"
#include "kernels/instruction_sets.hpp"
#include "vlsm/kernels/add_norm/cpu.hpp"
#include "vlsm/kernels/film/cpu.hpp"

// FiLM, and residual and layer normalization, on a CPU: for every instruction set of this machine,
// against plain loops in double.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;
using test::AddNorm, test::Film;

template <class T>
void run(Film<T>& film, cpu::Isa isa) {
  FilmForward const forward = film.forward();
  std::ptrdiff_t const parts = cpu::film_parts(film.shape), planes = film.shape.planes();
  std::vector<float> workspace(static_cast<std::size_t>(2 * parts * planes), NAN);
  FilmBackward const backward = film.backward(workspace.data());
  for (std::ptrdiff_t task = 0; task < cpu::film_tasks(film.shape); ++task) {
    cpu::dispatch(cpu::FilmForwardPart<T>{forward, task}, isa);
    cpu::dispatch(cpu::FilmBackwardPart<T>{backward, task}, isa);
  }
  std::vector<double> by_shift(film.planes);
  cpu::sum_of_splits(workspace.data(), parts, planes, film.grad_scale.data(),
                     film.grad_shift.data(), by_shift.data());
  std::vector<double> by_bias(film.bias.stored.size());
  for (std::size_t i = 0; i < film.planes; ++i)
    by_bias[i % by_bias.size()] += film.scale.exact(i) * by_shift[i];
  for (std::size_t i = 0; i < by_bias.size(); ++i)
    film.grad_bias.stored[i] = from_float<T>(static_cast<float>(by_bias[i]));
}

template <class X, class R, class W>
void run(AddNorm<X, R, W>& a, cpu::Isa isa) {
  std::vector<float> scratch(static_cast<std::size_t>(cpu::add_norm_scratch(a.shape)), NAN);
  cpu::dispatch(cpu::AddNormForwardRows<X, R, W>{a.forward(), 0, a.shape.rows, scratch.data()},
                isa);
  std::ptrdiff_t const splits = cpu::add_norm_splits(a.shape);
  std::vector<float> workspace(static_cast<std::size_t>(2 * splits * a.shape.columns), NAN);
  AddNormBackward const backward = a.backward(workspace.data());
  for (std::ptrdiff_t split = 0; split < splits; ++split)
    cpu::dispatch(cpu::AddNormBackwardSplit<X, R, W>{backward, split, scratch.data()}, isa);
  cpu::sum_of_splits(workspace.data(), splits, a.shape.columns, a.grad_weight.data(),
                     a.grad_bias.data());
}

template <class T>
void compare_all() {
  for (cpu::Isa isa : test::instruction_sets()) {
    test::ErrorRatios film_ratios, norm_ratios;
    auto const compare_film = [&](Film<T> film) {
      run(film, isa);
      test::compare(film, film_ratios);
    };
    test::each_film<T>(compare_film);
    compare_film({{1, 1500, 70, true}, true, true});   // more channels than a block of floats
    compare_film({{1, 2, 2500, false}, false, true});  // three parts of a plane
    auto const compare_norm = [&](AddNorm<T> a) {
      run(a, isa);
      test::compare(a, norm_ratios);
    };
    test::each_add_norm<T>(compare_norm);
    compare_norm({7, 3000, true, true});  // a GPU's warp would not hold it
  }
}

TEST_CASE("FiLM, and residual and norm, on a CPU: float32") { compare_all<float>(); }
TEST_CASE("FiLM, and residual and norm, on a CPU: float16") { compare_all<Half>(); }
TEST_CASE("FiLM, and residual and norm, on a CPU: bfloat16") { compare_all<BFloat16>(); }

TEST_CASE("residual and norm on a CPU: types as autocast mixes them") {
  for (cpu::Isa isa : test::instruction_sets()) {
    test::ErrorRatios ratios;
    test::each_mixed_add_norm([&](auto a) {
      run(a, isa);
      test::compare(a, ratios);
    });
  }
}

TEST_CASE("residual and norm on a CPU: results over what was read") {
  for (cpu::Isa isa : test::instruction_sets()) {
    AddNorm<float> apart(21, 39, true, true, 0.5f, 0.25), over = apart;
    run(apart, isa);
    std::vector<float> scratch(static_cast<std::size_t>(cpu::add_norm_scratch(apart.shape)));
    std::vector<float> workspace(static_cast<std::size_t>(2 * apart.shape.columns));
    AddNormForward forward = over.forward();
    forward.z = over.x.data();
    cpu::dispatch(cpu::AddNormForwardRows<float, float, float>{forward, 0, 21, scratch.data()},
                  isa);
    CHECK(over.x.stored == apart.z.stored);
    CHECK(over.y.stored == apart.y.stored);
    AddNormBackward backward = over.backward(workspace.data());
    backward.z = over.x.data();
    backward.grad_x = over.grad_z.data();
    cpu::dispatch(cpu::AddNormBackwardSplit<float, float, float>{backward, 0, scratch.data()}, isa);
    CHECK(over.grad_z.stored == apart.grad_x.stored);
    CHECK(over.grad_residual.stored == apart.grad_residual.stored);
  }
}

}  // namespace
