// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels/floats.hpp"
#include "kernels/instruction_sets.hpp"
#include "skeletons/kernel/cpu.hpp"
#include "skeletons/kernel/launch.cuh"

// The skeleton of a kernel as docs/extending.md quotes it: as a GPU runs it, under the emulation,
// and on a CPU with every instruction set of this machine, against a plain loop in double.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;

// [compare]
template <class T>
void compare(std::ptrdiff_t count, test::ErrorRatios& ratios) {
  auto const size = static_cast<std::size_t>(count);
  test::Numbers<T> const x(size, 1), z(size, 2);
  test::Numbers<T> y(size);
  Blend const a{count, test::element_of<T>, 0.75f, x.data(), z.data(), y.data()};
  std::vector<double> exact;
  std::vector<float> plain;
  for (std::size_t i = 0; i < size; ++i) {
    exact.push_back(x.exact(i) + 0.75 * z.exact(i));
    plain.push_back(test::rounded<T>(x.at(i) + test::rounded<T>(0.75f * z.at(i))));
  }
  launch(a, nullptr);
  ratios.take("on a GPU", y, plain, exact);
  for (cpu::Isa isa : test::instruction_sets()) {
    std::ranges::fill(y.stored, T{});
    for (std::ptrdiff_t task = 0; task < cpu::blend_tasks(a); ++task)
      cpu::dispatch(cpu::BlendPart<T>{a, task}, isa);
    ratios.take("on a CPU", y, plain, exact);
  }
}
// [compare]

TEST_CASE("skeleton: a kernel and its twin compute the same") {
  test::ErrorRatios ratios;
  for (std::ptrdiff_t count : {1, 3, 4, 1023, 1024, 2601}) {
    compare<float>(count, ratios);
    compare<Half>(count, ratios);
    compare<BFloat16>(count, ratios);
  }
}

TEST_CASE("skeleton: arrays that begin at any element, and none") {
  test::Numbers<float> const x(21, 1), z(21, 2);
  test::Numbers<float> y(21);
  launch(Blend{20, Element::f32, 2, x.data() + 1, z.data(), y.data()}, nullptr);
  for (std::size_t i = 0; i < 20; ++i) CHECK(y.at(i) == x.at(i + 1) + 2 * z.at(i));
  launch(Blend{}, nullptr);
  CHECK_THROWS_AS(launch(Blend{1, Element::u8}, nullptr), Error);
}

}  // namespace
