// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vlsm/image/pair_sums.hpp"

// Which samples a resized one is made of, and by which weights.
namespace vlsm::detail {

/// How neighbors are weighted by their distance.
enum class Filter {
  bilinear,  ///< a triangle as wide as two pixels
  bicubic,   ///< Keys' cubic with a = -0.5, as wide as four
};

/// The filter at `distance` pixels, which is not negative.
inline double weight_at(Filter filter, double distance) {
  double const x = distance;
  if (filter == Filter::bilinear) return x < 1 ? 1 - x : 0;
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/// The source samples of one output: from `first` on, `count` of them, at least one. Their weights
/// are the pairs from `begin` to `end` of the list beside it; a last one that is left over has a
/// partner of weight zero.
struct Taps1d {
  std::size_t first, count, begin, end;
};

/// The taps of every output along one side.
struct FilterTaps {
  std::vector<Taps1d> taps;
  std::vector<WeightPair> pairs;
};

/// PIL's antialiased filters: the support grows with the reduction, weights are normalized and
/// rounded to fixed point, 1 / 2^22 (Pillow, Resample.c: precompute_coeffs and
/// normalize_coeffs_8bpc).
inline FilterTaps filter_taps(Filter filter, std::size_t in, std::size_t out) {
  double const scale = static_cast<double>(in) / static_cast<double>(out);
  double const widened = std::max(scale, 1.0), inverse = 1.0 / widened;
  double const support = widened * (filter == Filter::bilinear ? 1 : 2);
  FilterTaps result;
  std::vector<double> weights;
  for (std::size_t i = 0; i < out; ++i) {
    double const center = (static_cast<double>(i) + 0.5) * scale;
    auto const first = static_cast<std::int64_t>(std::max(center - support + 0.5, 0.0));
    auto const end =
        std::min(static_cast<std::int64_t>(center + support + 0.5), static_cast<std::int64_t>(in));
    weights.clear();
    double sum = 0;
    for (std::int64_t x = first; x < end; ++x) {
      weights.push_back(
          weight_at(filter, std::abs((static_cast<double>(x) - center + 0.5) * inverse)));
      sum += weights.back();
    }
    auto const fixed = [&](std::size_t k) -> std::int32_t {
      if (k >= weights.size()) return 0;
      double const w = weights[k];
      return static_cast<std::int32_t>((w < 0 ? -0.5 : 0.5) + w / sum * (1 << level_bits));
    };
    std::size_t const begin = result.pairs.size();
    for (std::size_t k = 0; k < weights.size(); k += 2)
      result.pairs.emplace_back(fixed(k), fixed(k + 1));
    result.taps.push_back(
        {static_cast<std::size_t>(first), weights.size(), begin, result.pairs.size()});
  }
  return result;
}

}  // namespace vlsm::detail
