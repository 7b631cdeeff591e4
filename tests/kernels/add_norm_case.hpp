// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/floats.hpp"
#include "vlsm/kernels/add_norm/launch.hpp"

// Problems of residual and layer normalization, and their results by plain loops.
namespace vlsm::test {

using namespace vlsm::kernels;

/// x, residual, and weight and bias have a type each.
template <class X, class R = X, class W = X>
struct AddNorm {
  using Z = SumType<X, R>;
  static constexpr float epsilon = 1e-5f;

  AddNormShape shape;
  bool with_residual, with_grad_z;
  double dropout;
  std::size_t rows, columns;
  Numbers<X> x, grad_x;
  Numbers<R> residual, grad_residual;
  Numbers<W> weight, bias, grad_weight, grad_bias;
  Numbers<Z> grad_y, grad_z, y, z;
  std::vector<float> mean, inverse;

  /// `middle`: the mean of x, in half ranges.
  AddNorm(int r, int c, bool has_residual, bool has_grad_z, float middle = 0.5f, double dropped = 0)
      : shape{r, c, element_of<Z>, element_of<X>, element_of<R>, element_of<W>},
        with_residual(has_residual),
        with_grad_z(has_grad_z),
        dropout(dropped),
        rows(static_cast<std::size_t>(r)),
        columns(static_cast<std::size_t>(c)),
        x(rows * columns, 1, middle),
        grad_x(rows * columns),
        residual(rows * columns, 2),
        grad_residual(rows * columns),
        weight(columns, 3, 1),
        bias(columns, 4),
        grad_weight(columns),
        grad_bias(columns),
        grad_y(rows * columns, 5, 0.25f),
        grad_z(rows * columns, 6),
        y(rows * columns),
        z(rows * columns),
        mean(rows, NAN),
        inverse(rows, NAN) {}

  /// Whether the residual's gradient is an array of its own.
  bool has_grad_residual() const { return dropout > 0 || !std::is_same_v<X, R>; }
  AddNormDropout dropping() const {
    return {{7, 3, dropout_threshold(dropout)}, static_cast<float>(1 / (1 - dropout))};
  }
  AddNormForward forward() {
    return {.shape = shape,
            .x = x.data(),
            .residual = with_residual ? residual.data() : nullptr,
            .weight = weight.data(),
            .bias = bias.data(),
            .epsilon = epsilon,
            .dropout = dropping(),
            .y = y.data(),
            .z = z.data(),
            .mean = mean.data(),
            .inverse_deviation = inverse.data()};
  }
  AddNormBackward backward(float* workspace) {
    return {.shape = shape,
            .z = z.data(),
            .weight = weight.data(),
            .grad_y = grad_y.data(),
            .grad_z = with_grad_z ? grad_z.data() : nullptr,
            .mean = mean.data(),
            .inverse_deviation = inverse.data(),
            .dropout = dropping(),
            .grad_x = grad_x.data(),
            .grad_residual = has_grad_residual() ? grad_residual.data() : nullptr,
            .grad_weight = grad_weight.data(),
            .grad_bias = grad_bias.data(),
            .workspace = workspace};
  }
  std::string name() const {
    return std::string(name_of<X>) + " " + name_of<R> + " " + name_of<W> + " [" +
           std::to_string(rows) + ", " + std::to_string(columns) + "]" +
           (with_residual ? ", residual" : "") + (with_grad_z ? ", grad_z" : "") +
           (dropout > 0 ? ", dropout" : "");
  }
};

/// The results by plain loops: F is double, or float whose arrays are rounded to their types, as
/// three operations that hand arrays to each other do.
template <class F>
struct PlainAddNorm {
  std::vector<F> z, y, grad_x, grad_residual, grad_weight, grad_bias, mean, inverse;

  template <class T>
  static F round(F value) {
    if constexpr (std::is_same_v<F, float>)
      return rounded<T>(value);
    else
      return value;
  }

  template <class X, class R, class W>
  explicit PlainAddNorm(AddNorm<X, R, W> const& a) : grad_weight(a.columns), grad_bias(a.columns) {
    using Z = SumType<X, R>;
    F const width = static_cast<F>(a.columns);
    AddNormDropout const dropping = a.dropping();
    auto const dropped = [&](std::size_t i, F value) {
      return dropping.mask.keeps(i) ? round<X>(value * F{dropping.scale}) : F{0};
    };
    for (std::size_t first = 0; first < a.rows * a.columns; first += a.columns) {
      F sum = 0, squares = 0, by_mean = 0, by_deviation = 0;
      for (std::size_t i = first; i < first + a.columns; ++i) {
        F const x = dropped(i, F{a.x.at(i)});
        z.push_back(a.with_residual ? round<Z>(x + F{a.residual.at(i)}) : x);
        sum += z[i];
      }
      F const m = sum / width;
      for (std::size_t i = first; i < first + a.columns; ++i) squares += (z[i] - m) * (z[i] - m);
      F const s = F{1} / std::sqrt(squares / width + F{AddNorm<X>::epsilon});
      mean.push_back(m);
      inverse.push_back(s);
      for (std::size_t i = first, c = 0; c < a.columns; ++i, ++c) {
        F const n = (z[i] - m) * s, grad = a.grad_y.at(i), weight = a.weight.at(c);
        y.push_back(round<Z>(n * weight + F{a.bias.at(c)}));
        grad_weight[c] += grad * n;
        grad_bias[c] += grad;
        by_mean += grad * weight;
        by_deviation += grad * weight * n;
      }
      for (std::size_t i = first, c = 0; c < a.columns; ++i, ++c) {
        F const n = (z[i] - m) * s, g = F{a.grad_y.at(i)} * F{a.weight.at(c)};
        F const grad = round<Z>((g - by_mean / width - n * (by_deviation / width)) * s);
        F const by_z = a.with_grad_z ? round<Z>(grad + F{a.grad_z.at(i)}) : grad;
        grad_residual.push_back(round<R>(by_z));
        grad_x.push_back(round<X>(dropped(i, by_z)));
      }
    }
    for (auto* sums : {&grad_weight, &grad_bias})
      for (F& sum : *sums) sum = round<W>(sum);
  }
};

/// What a run left in `a`, against both.
template <class X, class R, class W>
void compare(AddNorm<X, R, W> const& a, ErrorRatios& ratios) {
  PlainAddNorm<double> const exact(a);
  PlainAddNorm<float> const plain(a);
  ratios.take("z of " + a.name(), a.z, plain.z, exact.z);
  ratios.take("y of " + a.name(), a.y, plain.y, exact.y);
  ratios.take("grad_x of " + a.name(), a.grad_x, plain.grad_x, exact.grad_x);
  if (a.has_grad_residual())
    ratios.take("grad_residual of " + a.name(), a.grad_residual, plain.grad_residual,
                exact.grad_residual);
  ratios.take("grad_weight of " + a.name(), a.grad_weight, plain.grad_weight, exact.grad_weight);
  ratios.take("grad_bias of " + a.name(), a.grad_bias, plain.grad_bias, exact.grad_bias);
}

/// Calls `each(a)` for sizes odd and even, with and without residual, grad_z and dropout.
template <class T, class Each>
void each_add_norm(Each const& each) {
  int options = 0;
  for (int rows : {1, 19, 77})
    // 39: nothing moves by fours. (The largest of far fewer errors is a matter of luck.)
    for (int columns : {39, 16, 48, 64, 80, 512, 768, 2048})
      for (bool residual : {false, true})
        each(AddNorm<T>(rows, columns, residual, options++ % 4 >= 2));
  for (int columns : {39, 64, 2048}) each(AddNorm<T>(19, columns, true, true, 0.5f, 0.25));
  // Rows far from zero, where the mean of the squares would lose the variance.
  each(AddNorm<T>(5, 768, false, true, 100));
}

/// Calls `each(a)` for types that autocast mixes, with odd and even sizes of few and many rows.
template <class Each>
void each_mixed_add_norm(Each const& each) {
  auto const sizes = [&]<class X, class R, class W>() {
    for (double dropped : {0.0, 0.25})
      for (int columns : {39, 64, 768, 2048})
        each(AddNorm<X, R, W>(19, columns, true, dropped > 0 || columns == 64, 0.5f, dropped));
    each(AddNorm<X, R, W>(5, 16, true, true));
  };
  sizes.template operator()<Half, Half, float>();
  sizes.template operator()<BFloat16, BFloat16, float>();
  sizes.template operator()<Half, float, float>();
  sizes.template operator()<BFloat16, float, float>();
  sizes.template operator()<float, Half, float>();
  sizes.template operator()<float, BFloat16, float>();
}

}  // namespace vlsm::test
