// SPDX-License-Identifier: MIT
#include "emulation/cuda.hpp"
#include "kernels/floats.hpp"
#include "vlsm/kernels/add_norm.hpp"

// Residual and layer normalisation as a card runs them, against plain loops in double.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;
using test::Numbers;

constexpr float epsilon = 1e-5f;

template <class T>
struct AddNorm {
  AddNormShape shape;
  bool with_residual, with_grad_z;
  std::size_t rows, columns;
  Numbers<T> x, residual, weight, bias, grad_y, grad_z;
  Numbers<T> y, z, grad_x, grad_weight, grad_bias;
  std::vector<float> mean, inverse;

  /// `middle`: the mean of x, in half ranges.
  AddNorm(int r, int c, bool has_residual, bool has_grad_z, float middle = 0.5f)
      : shape{r, c, test::element_of<T>},
        with_residual(has_residual),
        with_grad_z(has_grad_z),
        rows(static_cast<std::size_t>(r)),
        columns(static_cast<std::size_t>(c)),
        x(rows * columns, 1, middle),
        residual(rows * columns, 2),
        weight(columns, 3, 1),
        bias(columns, 4),
        grad_y(rows * columns, 5, 0.25f),
        grad_z(rows * columns, 6),
        y(rows * columns),
        z(rows * columns),
        grad_x(rows * columns),
        grad_weight(columns),
        grad_bias(columns),
        mean(rows, NAN),
        inverse(rows, NAN) {}

  AddNormForward forward() {
    return {shape,         x.data(),    with_residual ? residual.data() : nullptr,
            weight.data(), bias.data(), epsilon,
            y.data(),      z.data(),    mean.data(),
            inverse.data()};
  }
  void run() {
    launch(forward(), nullptr);
    std::vector<float> workspace(static_cast<std::size_t>(add_norm_workspace(shape)), NAN);
    launch(AddNormBackward{shape, z.data(), weight.data(), grad_y.data(),
                           with_grad_z ? grad_z.data() : nullptr, mean.data(), inverse.data(),
                           grad_x.data(), grad_weight.data(), grad_bias.data(), workspace.data()},
           nullptr);
  }
  std::string name() const {
    return std::string(test::name_of<T>) + " [" + std::to_string(rows) + ", " +
           std::to_string(columns) + "]" + (with_residual ? ", residual" : "") +
           (with_grad_z ? ", grad_z" : "");
  }
};

/// The results by plain loops: F is double, or float whose arrays are rounded to T, as three
/// operations that hand arrays to each other do.
template <class F>
struct Plain {
  std::vector<F> z, y, grad_x, grad_weight, grad_bias, mean, inverse;

  template <class T>
  explicit Plain(AddNorm<T> const& a) : grad_weight(a.columns), grad_bias(a.columns) {
    auto const round = [](F value) -> F {
      if constexpr (std::is_same_v<F, float>)
        return test::rounded<T>(value);
      else
        return value;
    };
    F const width = static_cast<F>(a.columns);
    for (std::size_t first = 0; first < a.rows * a.columns; first += a.columns) {
      F sum = 0, squares = 0, by_mean = 0, by_deviation = 0;
      for (std::size_t i = first; i < first + a.columns; ++i) {
        z.push_back(a.with_residual ? round(F{a.x.at(i)} + F{a.residual.at(i)}) : F{a.x.at(i)});
        sum += z[i];
      }
      F const m = sum / width;
      for (std::size_t i = first; i < first + a.columns; ++i) squares += (z[i] - m) * (z[i] - m);
      F const s = F{1} / std::sqrt(squares / width + F{epsilon});
      mean.push_back(m);
      inverse.push_back(s);
      for (std::size_t i = first, c = 0; c < a.columns; ++i, ++c) {
        F const n = (z[i] - m) * s, grad = a.grad_y.at(i), weight = a.weight.at(c);
        y.push_back(round(n * weight + F{a.bias.at(c)}));
        grad_weight[c] += grad * n;
        grad_bias[c] += grad;
        by_mean += grad * weight;
        by_deviation += grad * weight * n;
      }
      for (std::size_t i = first, c = 0; c < a.columns; ++i, ++c) {
        F const n = (z[i] - m) * s, g = F{a.grad_y.at(i)} * F{a.weight.at(c)};
        F const grad = round((g - by_mean / width - n * (by_deviation / width)) * s);
        grad_x.push_back(a.with_grad_z ? round(grad + F{a.grad_z.at(i)}) : grad);
      }
    }
    for (auto* sums : {&grad_weight, &grad_bias})
      for (F& sum : *sums) sum = round(sum);
  }
};

template <class T>
void compare(AddNorm<T> a, test::ErrorRatios& ratios) {
  a.run();
  Plain<double> const exact(a);
  Plain<float> const plain(a);
  ratios.take("z of " + a.name(), a.z, plain.z, exact.z);
  ratios.take("y of " + a.name(), a.y, plain.y, exact.y);
  ratios.take("grad_x of " + a.name(), a.grad_x, plain.grad_x, exact.grad_x);
  ratios.take("grad_weight of " + a.name(), a.grad_weight, plain.grad_weight, exact.grad_weight);
  ratios.take("grad_bias of " + a.name(), a.grad_bias, plain.grad_bias, exact.grad_bias);
}

template <class T>
void compare_all() {
  test::ErrorRatios ratios;
  int options = 0;
  for (int rows : {1, 19, 77})
    // 39: nothing moves by fours. (The largest of far fewer errors is a matter of luck.)
    for (int columns : {39, 16, 48, 64, 80, 512, 768, 2048})
      for (bool residual : {false, true})
        compare(AddNorm<T>(rows, columns, residual, options++ % 4 >= 2), ratios);
  // Rows far from zero, where the mean of the squares would lose the variance.
  compare(AddNorm<T>(5, 768, false, true, 100), ratios);
}

TEST_CASE("residual and norm on a device: float32") { compare_all<float>(); }
TEST_CASE("residual and norm on a device: float16") { compare_all<Half>(); }
TEST_CASE("residual and norm on a device: bfloat16") { compare_all<BFloat16>(); }

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
  apart.run();
  AddNormForward forward = over.forward();
  forward.z = over.x.data();
  launch(forward, nullptr);
  CHECK(over.x.stored == apart.z.stored);
  over.grad_y.stored.insert(over.grad_y.stored.begin(), 7.0f);
  float* const grad = over.grad_y.data() + 1;
  std::vector<float> workspace(static_cast<std::size_t>(add_norm_workspace(over.shape)));
  launch(AddNormBackward{over.shape, over.x.data(), over.weight.data(), grad, over.grad_z.data(),
                         over.mean.data(), over.inverse.data(), grad, over.grad_weight.data(),
                         over.grad_bias.data(), workspace.data()},
         nullptr);
  over.grad_y.stored.erase(over.grad_y.stored.begin());
  CHECK(over.grad_y.stored == apart.grad_x.stored);
  CHECK(over.grad_weight.stored == apart.grad_weight.stored);
}

TEST_CASE("residual and norm on a device: the order of threads and blocks changes no bit") {
  AddNorm<float> first(131, 300, true, true), again = first;
  emulation::options.seed = 1;
  first.run();
  emulation::options.seed = 2;
  again.run();
  CHECK(again.y.stored == first.y.stored);
  CHECK(again.grad_x.stored == first.grad_x.stored);
  CHECK(again.grad_weight.stored == first.grad_weight.stored);
  CHECK(again.grad_bias.stored == first.grad_bias.stored);
}

TEST_CASE("residual and norm on a device: no rows, no gradient; what is refused, in one line") {
  AddNorm<float> none(0, 5, false, false);
  none.grad_weight = none.grad_bias = Numbers<float>(5, 1, 5);
  none.run();
  CHECK(none.grad_weight.stored == std::vector<float>(5));
  CHECK(none.grad_bias.stored == std::vector<float>(5));
  AddNormForward wrong;
  wrong.shape = {1, 2052};
  CHECK_THROWS_WITH_AS(launch(wrong, nullptr),
                       "rows of 2052 numbers: residual and norm: take at most 2048, or another "
                       "backend",
                       Error);
  wrong.shape = {1, 16, Element::boolean};
  CHECK_THROWS_WITH_AS(launch(wrong, nullptr),
                       "rows that are no floats: residual and norm: give them as float32, float16 "
                       "or bfloat16",
                       Error);
}

}  // namespace
