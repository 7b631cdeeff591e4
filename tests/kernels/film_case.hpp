// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/floats.hpp"
#include "vlsm/kernels/film/launch.hpp"

// FiLM's problems, and their results by plain loops.
namespace vlsm::test {

using namespace vlsm::kernels;

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
    shape.type = element_of<T>;
  }

  FilmForward forward() {
    return {shape,
            x.data(),
            scale.data(),
            shift.data(),
            with_bias ? bias.data() : nullptr,
            with_residual ? residual.data() : nullptr,
            y.data()};
  }
  FilmBackward backward(float* workspace) {
    return {shape,
            x.data(),
            scale.data(),
            with_bias ? bias.data() : nullptr,
            grad_y.data(),
            grad_x.data(),
            grad_scale.data(),
            grad_shift.data(),
            with_bias ? grad_bias.data() : nullptr,
            workspace};
  }

  std::size_t plane_of(std::size_t i) const {
    auto const positions = static_cast<std::size_t>(shape.positions), c = bias.stored.size();
    return shape.tokens ? i / (positions * c) * c + i % c : i / positions;
  }
  std::string name() const {
    return std::string(name_of<T>) + (shape.tokens ? ", tokens [" : ", map [") +
           std::to_string(shape.batch) + ", N " + std::to_string(shape.positions) + ", C " +
           std::to_string(shape.channels) + "]" + (with_bias ? ", bias" : "") +
           (with_residual ? ", residual" : "");
  }
};

/// The results by plain loops: F is double, or float with every result rounded to T.
template <class F>
struct PlainFilm {
  std::vector<F> y, grad_x, grad_scale, grad_shift, grad_bias;

  template <class T>
  explicit PlainFilm(Film<T> const& f)
      : grad_scale(f.planes), grad_shift(f.planes), grad_bias(f.bias.stored.size()) {
    auto const round = [](F value) -> F {
      if constexpr (std::is_same_v<F, float>)
        return rounded<T>(value);
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

/// What a run left in `film`, against both.
template <class T>
void compare(Film<T> const& film, ErrorRatios& ratios) {
  PlainFilm<double> const exact(film);
  PlainFilm<float> const plain(film);
  ratios.take("y of " + film.name(), film.y, plain.y, exact.y);
  ratios.take("grad_x of " + film.name(), film.grad_x, plain.grad_x, exact.grad_x);
  ratios.take("grad_scale of " + film.name(), film.grad_scale, plain.grad_scale, exact.grad_scale);
  ratios.take("grad_shift of " + film.name(), film.grad_shift, plain.grad_shift, exact.grad_shift);
  if (film.with_bias)
    ratios.take("grad_bias of " + film.name(), film.grad_bias, plain.grad_bias, exact.grad_bias);
}

/// Calls `each(film)` for tokens and maps, sizes odd and even, with and without bias and residual.
template <class T, class Each>
void each_film(Each const& each) {
  for (bool tokens : {true, false})
    for (std::ptrdiff_t positions : {1, 19, 485})
      for (int channels : {7, 16, 48, 64, 80})
        for (int options : {0, 1, 2, 3})
          each(Film<T>({2, channels, positions, tokens}, options % 2 == 1, options / 2 == 1));
  // Rows of more than one tile of columns; planes of more than one part, read by fours.
  each(Film<T>({3, 530, 37, true}, true, true));
  each(Film<T>({2, 3, 1028, false}, true, true));
}

}  // namespace vlsm::test
