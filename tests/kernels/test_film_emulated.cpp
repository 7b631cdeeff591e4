// SPDX-License-Identifier: MIT
#include "emulation/cuda.hpp"
#include "kernels/floats.hpp"
#include "vlsm/kernels/film.hpp"

// FiLM's CUDA kernels, as a card runs them, against plain loops in double.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;
using test::Numbers;

template <class T>
struct Film {
  FilmShape shape;
  bool with_bias, with_residual;
  std::size_t planes, count;
  Numbers<T> x, residual, grad_y, scale, shift, bias;
  Numbers<T> y, grad_x, grad_scale, grad_shift, grad_bias;

  Film(FilmShape const& s, bool b, bool r)
      : shape(s),
        with_bias(b),
        with_residual(r),
        planes(static_cast<std::size_t>(s.planes())),
        count(planes * static_cast<std::size_t>(s.positions)),
        x(count, 1),
        residual(count, 2),
        grad_y(count, 3, 0.25f),
        scale(planes, 4, 1),
        shift(planes, 5),
        bias(static_cast<std::size_t>(s.channels), 6),
        y(count),
        grad_x(count),
        grad_scale(planes),
        grad_shift(planes),
        grad_bias(static_cast<std::size_t>(s.channels)) {
    shape.type = test::element_of<T>;
  }

  void run() {
    launch(
        FilmForward{shape, x.data(), scale.data(), shift.data(), with_bias ? bias.data() : nullptr,
                    with_residual ? residual.data() : nullptr, y.data()},
        nullptr);
    std::vector<float> workspace(static_cast<std::size_t>(film_workspace(shape)), NAN);
    launch(FilmBackward{shape, x.data(), scale.data(), with_bias ? bias.data() : nullptr,
                        grad_y.data(), grad_x.data(), grad_scale.data(), grad_shift.data(),
                        with_bias ? grad_bias.data() : nullptr, workspace.data()},
           nullptr);
  }

  std::size_t plane_of(std::size_t i) const {
    auto const positions = static_cast<std::size_t>(shape.positions), c = bias.stored.size();
    return shape.tokens ? i / (positions * c) * c + i % c : i / positions;
  }
  std::string name() const {
    return std::string(test::name_of<T>) + (shape.tokens ? ", tokens [" : ", map [") +
           std::to_string(shape.batch) + ", N " + std::to_string(shape.positions) + ", C " +
           std::to_string(shape.channels) + "]" + (with_bias ? ", bias" : "") +
           (with_residual ? ", residual" : "");
  }
};

/// The results by plain loops: F is double, or float with every result rounded to T.
template <class F>
struct Plain {
  std::vector<F> y, grad_x, grad_scale, grad_shift, grad_bias;

  template <class T>
  explicit Plain(Film<T> const& f)
      : grad_scale(f.planes), grad_shift(f.planes), grad_bias(f.bias.stored.size()) {
    auto const round = [](F value) -> F {
      if constexpr (std::is_same_v<F, float>)
        return test::rounded<T>(value);
      else
        return value;
    };
    for (std::size_t i = 0; i < f.count; ++i) {
      std::size_t const plane = f.plane_of(i), channel = plane % f.bias.stored.size();
      F x = f.x.at(i), scale = f.scale.at(plane), grad = f.grad_y.at(i);
      if (f.with_bias) x = round(x + F{f.bias.at(channel)});
      F value = round(round(scale * x) + F{f.shift.at(plane)});
      if (f.with_residual) value = round(value + F{f.residual.at(i)});
      y.push_back(value);
      grad_x.push_back(round(scale * grad));
      grad_scale[plane] += round(grad * x);
      grad_shift[plane] += grad;
      grad_bias[channel] += grad_x.back();
    }
    for (auto* sums : {&grad_scale, &grad_shift, &grad_bias})
      for (F& sum : *sums) sum = round(sum);
  }
};

template <class T>
void compare(Film<T>& film, test::ErrorRatios& ratios) {
  film.run();
  Plain<double> const exact(film);
  Plain<float> const plain(film);
  ratios.take("y of " + film.name(), film.y, plain.y, exact.y);
  ratios.take("grad_x of " + film.name(), film.grad_x, plain.grad_x, exact.grad_x);
  ratios.take("grad_scale of " + film.name(), film.grad_scale, plain.grad_scale, exact.grad_scale);
  ratios.take("grad_shift of " + film.name(), film.grad_shift, plain.grad_shift, exact.grad_shift);
  if (film.with_bias)
    ratios.take("grad_bias of " + film.name(), film.grad_bias, plain.grad_bias, exact.grad_bias);
}

template <class T>
void compare_all() {
  test::ErrorRatios ratios;
  for (bool tokens : {true, false})
    for (std::ptrdiff_t positions : {1, 19, 485})
      for (int channels : {7, 16, 48, 64, 80})
        for (int options : {0, 1, 2, 3}) {
          Film<T> film({2, channels, positions, tokens}, options % 2 == 1, options / 2 == 1);
          compare(film, ratios);
        }
  // Rows of more than one tile of columns; planes of more than one part, read by fours.
  Film<T> wide({3, 530, 37, true}, true, true), parts({2, 3, 1028, false}, true, true);
  compare(wide, ratios);
  compare(parts, ratios);
}

TEST_CASE("FiLM on a device: float32") { compare_all<float>(); }
TEST_CASE("FiLM on a device: float16") { compare_all<Half>(); }
TEST_CASE("FiLM on a device: bfloat16") { compare_all<BFloat16>(); }

TEST_CASE("FiLM on a device: arrays that begin at any element") {
  Film<float> film({2, 64, 20, true}, true, true), moved = film;
  film.run();
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
    film.run();
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
    first.run();
    emulation::options.seed = 2;
    again.run();
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
  none.run();
  CHECK(none.grad_scale.stored == std::vector<float>(10));
  CHECK(none.grad_shift.stored == std::vector<float>(10));
  CHECK(none.grad_bias.stored == std::vector<float>(5));
  none.shape = {1, 1, 1, true, Element::u8};
  CHECK_THROWS_WITH_AS(none.run(),
                       "features that are no floats: FiLM: give them as float32, float16 or "
                       "bfloat16",
                       Error);
}

}  // namespace
