// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "support/own_loss.hpp"
#include "support/sanitized.hpp"
#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/segmentation_loss/launch.hpp"
#include "vlsm/kernels/segmentation_loss/pixel_term.hpp"

// The segmentation losses as plain loops in double, and problems to try them on.
namespace vlsm::test {

using kernels::BFloat16;
using kernels::DiceSizes;
using kernels::DiceSlopes;
using kernels::DiceSums;
using kernels::Half;

enum class Mask { blob, empty, full, soft };

template <class X, class Y>
struct DiceProblem {
  DiceSizes size;
  std::vector<X> logits;
  std::vector<Y> target;

  DiceProblem(DiceSizes const& sizes, Mask mask, float scale) : size(sizes) {
    std::uint32_t state = 12345;
    auto const uniform = [&] {  // in [-1, 1)
      state = state * 1664525u + 1013904223u;
      return static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
    };
    for (std::ptrdiff_t i = 0; i < size.planes * size.pixels; ++i) {
      // Every 17th logit is at the edge: +-scale.
      float const u = i % 17 == 0 ? (i % 2 ? 1.0f : -1.0f) : uniform();
      logits.push_back(kernels::from_float<X>(scale * u));
      float const soft = 0.5f + 0.5f * uniform();
      float const value = mask == Mask::empty  ? 0.0f
                          : mask == Mask::full ? 1.0f
                          : mask == Mask::blob ? static_cast<float>(i / 7 % 3 == 0)
                                               : soft;
      target.push_back(static_cast<Y>(value));
    }
  }
};

/// What the targets are like, and how large the logits.
struct DiceValues {
  Mask mask;
  float scale;
};

inline std::vector<DiceValues> dice_values() {
  if (sanitized) return {{Mask::blob, 4}};
  std::vector<DiceValues> all;
  for (Mask mask : {Mask::blob, Mask::empty, Mask::full, Mask::soft})
    for (float scale : {4.0f, 1e4f}) all.push_back({mask, scale});
  return all;
}

struct PlainDice {
  std::vector<DiceSums> sums;    ///< [planes]
  std::vector<double> gradient;  ///< [planes, pixels]
};

namespace plain {

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
inline double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

struct Point {
  double value, slope;
};

inline Point term(kernels::NoTerm const&, double, double) { return {0, 0}; }
inline Point term(kernels::EntropyOfLogits const&, double x, double t) {
  return {t * softplus(-x) + (1 - t) * softplus(x), t * -sigmoid(-x) + (1 - t) * sigmoid(x)};
}
inline Point term(kernels::EntropyOfProbabilities const&, double x, double t) {
  double const p = sigmoid(x);
  return {softplus(p) - p * t, (sigmoid(p) - t) * p * sigmoid(-x)};
}
inline Point term(kernels::FocalEntropy const& f, double x, double t) {
  Point const entropy = term(kernels::EntropyOfLogits(), x, t);
  double const sign = 1 - 2 * t, y = sign * x, gamma = double{f.gamma};
  double const weight = t * double{f.foreground} + (1 - t) * double{f.background};
  double const factor = weight * std::exp(-gamma * softplus(-y));
  return {factor * entropy.value,
          factor * (entropy.slope + gamma * entropy.value * sigmoid(-y) * sign)};
}

inline Point term(Brier const&, double x, double t) {
  double const p = sigmoid(x);
  return {(p - t) * (p - t), 2 * (p - t) * p * sigmoid(-x)};
}

}  // namespace plain

template <class X, class Y, class Term>
PlainDice plain_dice(DiceProblem<X, Y> const& problem, Term const& term,
                     std::vector<DiceSlopes> const& slopes) {
  PlainDice result;
  std::size_t i = 0;
  for (DiceSlopes const& slope : slopes) {
    DiceSums sums;
    for (std::ptrdiff_t pixel = 0; pixel < problem.size.pixels; ++pixel, ++i) {
      double const x = double{kernels::to_float(problem.logits[i])};
      double const t = static_cast<double>(problem.target[i]), p = plain::sigmoid(x);
      plain::Point const point = plain::term(term, x, t);
      sums += {p * t, p, t, point.value};
      result.gradient.push_back((double{slope.by_overlap} * t + double{slope.by_predicted}) * p *
                                    plain::sigmoid(-x) +
                                double{slope.by_term} * point.slope);
    }
    result.sums.push_back(sums);
  }
  return result;
}

/// Of sums, relative (to 1e-30 at least).
inline double largest_error(DiceSums const& actual, DiceSums const& expected) {
  auto const error = [](double a, double e) {
    return std::abs(a - e) / std::max(std::abs(e), 1e-30);
  };
  double const errors[] = {
      error(actual.overlap, expected.overlap), error(actual.predicted, expected.predicted),
      error(actual.wanted, expected.wanted), error(actual.term, expected.term)};
  double largest = 0;
  for (double one : errors) largest = one <= largest ? largest : one;  // keeps NaN
  return largest;
}

/// Of a gradient, relative to its largest entry (1e-30 at least).
template <class X>
double largest_error(std::vector<X> const& actual, std::vector<double> const& expected) {
  double largest = 0, scale = 1e-30;
  for (double value : expected) scale = std::max(scale, std::abs(value));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    double const error = std::abs(double{kernels::to_float(actual[i])} - expected[i]);
    if (!(error <= largest)) largest = error;
  }
  return largest / scale;
}

/// What writing a value as X may cost, relative.
template <class X>
constexpr double rounding = std::is_same_v<X, float>  ? 0x1p-24
                            : std::is_same_v<X, Half> ? 0x1p-11
                                                      : 0x1p-8;

}  // namespace vlsm::test
