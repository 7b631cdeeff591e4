// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"

// Is a difference between two models more than chance? On scores of the same examples.
namespace vlsm {

/// How an interval is drawn.
struct BootstrapOptions {
  std::size_t resamples = 10'000;
  double confidence = 0.95;
  std::uint64_t seed = 0;
};

/// A mean and what it may be as well.
struct Interval {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double low = mean, high = mean;
  std::size_t count = 0;  ///< of how many values
};

/// What a Wilcoxon signed-rank test says.
struct SignedRank {
  double statistic = 0;   ///< the smaller one of both sums of ranks
  double p = 1;           ///< two-sided
  std::size_t count = 0;  ///< pairs that differ
  bool exact = true;      ///< from the statistic's distribution, not from a normal one
};

namespace detail {

inline void check_pairs(std::span<double const> first, std::span<double const> second) {
  if (first.size() != second.size())
    throw Error("the scores are no pairs",
                std::to_string(first.size()) + " against " + std::to_string(second.size()),
                "give two scores of each example, in the same order");
}

/// The differences of the pairs whose difference is a number.
inline std::vector<double> differences(std::span<double const> first,
                                       std::span<double const> second) {
  check_pairs(first, second);
  std::vector<double> result;
  for (std::size_t i = 0; i < first.size(); ++i)
    if (std::isfinite(first[i] - second[i])) result.push_back(first[i] - second[i]);
  return result;
}

/// The quantile of sorted values, at least one: between two neighbors by their distance.
inline double quantile(std::span<double const> sorted, double share) {
  double const rank = share * static_cast<double>(sorted.size() - 1);
  auto const below = std::min(static_cast<std::size_t>(rank), sorted.size() - 1),
             above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], rank - static_cast<double>(below));
}

/// Twice the ranks of the absolute values: of equal ones the mean of theirs, so whole numbers.
/// `ties` becomes the sum of t^3 - t over the groups of t equal ones.
inline std::vector<std::size_t> double_ranks(std::span<double const> values, double& ties) {
  std::vector<std::size_t> order(values.size()), ranks(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::abs(values[i]); });
  ties = 0;
  for (std::size_t first = 0, last; first < order.size(); first = last) {
    last = first + 1;
    while (last < order.size() && std::abs(values[order[last]]) == std::abs(values[order[first]]))
      ++last;
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = first + 1 + last;
    auto const size = static_cast<double>(last - first);
    ties += size * size * size - size;
  }
  return ranks;
}

/// The two-sided p of a sum of ranks where each rank is in it or not with equal chance: twice the
/// smaller tail. Exact up to 53 ranks, beyond in double precision.
inline double signed_rank_p(std::span<std::size_t const> ranks, std::size_t sum) {
  std::size_t const all = std::accumulate(ranks.begin(), ranks.end(), std::size_t{0});
  std::vector<double> ways(all + 1);  // in which a sum comes about, over 2^n
  ways[0] = 1;
  for (std::size_t const rank : ranks)
    for (std::size_t s = all + 1; s-- > 0;)
      ways[s] = 0.5 * (ways[s] + (s >= rank ? ways[s - rank] : 0.0));
  auto const at = ways.begin() + static_cast<std::ptrdiff_t>(sum);
  double const below = std::accumulate(ways.begin(), at + 1, 0.0),
               above = std::accumulate(at, ways.end(), 0.0);
  return std::min(1.0, 2 * std::min(below, above));
}

}  // namespace detail

/// The mean of some values with its bootstrap interval by percentiles. Values that are NaN or
/// infinite are left out; where no value is left, mean and interval are NaN. The same seed gives
/// the same numbers with any standard library. Throws Error for no resamples and for a confidence
/// that is not between 0 and 1.
inline Interval bootstrap_mean(std::span<double const> values,
                               BootstrapOptions const& options = {}) {
  if (options.resamples == 0)
    throw Error("an interval of no resamples", "BootstrapOptions.resamples", "set 1 or more");
  if (!(options.confidence > 0 && options.confidence < 1))
    throw Error("a confidence is between 0 and 1", std::to_string(options.confidence),
                "set 0.95, say");
  std::vector<double> kept;
  std::ranges::copy_if(values, std::back_inserter(kept), [](double v) { return std::isfinite(v); });
  if (kept.empty()) return {};
  auto const count = static_cast<double>(kept.size());
  std::mt19937_64 random(options.seed);  // its bits are the standard's
  std::vector<double> means(options.resamples);
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < kept.size(); ++i) sum += kept[random() % kept.size()];
    mean = sum / count;
  }
  std::ranges::sort(means);
  double const tail = (1 - options.confidence) / 2;
  return {.mean = std::accumulate(kept.begin(), kept.end(), 0.0) / count,
          .low = detail::quantile(means, tail),
          .high = detail::quantile(means, 1 - tail),
          .count = kept.size()};
}

/// The mean of first - second over pairs of scores of the same examples, with its bootstrap
/// interval: pairs are drawn, so what makes an example hard counts in both. Pairs whose difference
/// is not finite are left out. Throws Error where the numbers of scores differ, and as
/// `bootstrap_mean` does.
inline Interval bootstrap_difference(std::span<double const> first, std::span<double const> second,
                                     BootstrapOptions const& options = {}) {
  return bootstrap_mean(detail::differences(first, second), options);
}

/// Wilcoxon's signed-rank test of pairs, two-sided, as scipy.stats.wilcoxon(method="auto") of SciPy
/// 1.17: pairs that are equal are left out of the ranks (zero_method "wilcox"). The distribution of
/// the statistic is exact up to 50 pairs where no two differences are equal and none is 0, and up
/// to 13 pairs in any case; else it is taken for normal, corrected for ties, not for continuity.
/// Pairs whose difference is not finite are left out. Without pairs, and where all differences are
/// 0, p is 1 (SciPy's may be NaN). Throws Error where the numbers of scores differ.
inline SignedRank wilcoxon_signed_rank(std::span<double const> first,
                                       std::span<double const> second) {
  std::vector<double> kept = detail::differences(first, second);
  std::size_t const pairs = kept.size();
  std::erase(kept, 0.0);
  if (kept.empty()) return {};
  double ties = 0;
  std::vector<std::size_t> const ranks = detail::double_ranks(kept, ties);
  std::size_t plus = 0, minus = 0;  // twice the sums
  for (std::size_t i = 0; i < kept.size(); ++i) (kept[i] > 0 ? plus : minus) += ranks[i];
  SignedRank result{.statistic = static_cast<double>(std::min(plus, minus)) / 2,
                    .p = 1,
                    .count = kept.size(),
                    .exact = pairs <= 13 || (pairs <= 50 && ties == 0 && kept.size() == pairs)};
  if (result.exact) {
    result.p = detail::signed_rank_p(ranks, plus);
    return result;
  }
  auto const n = static_cast<double>(kept.size());
  double const mean = n * (n + 1) / 4,
               deviation = std::sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24);
  result.p =
      std::erfc(std::abs(static_cast<double>(plus) / 2 - mean) / (deviation * std::numbers::sqrt2));
  return result;
}

/// Holm's correction (1979) of the p values of several tests, in the order that they are given:
/// what is below 0.05 then is so with at most 5 % chance of any false one. A p that is NaN stays
/// and counts for no test. Throws Error for one that is below 0 or above 1.
inline std::vector<double> holm(std::span<double const> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] < 0 || p[i] > 1)
      throw Error("this is no p value", std::to_string(p[i]), "give values from 0 to 1");
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> corrected(p.begin(), p.end());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    double const scaled = static_cast<double>(order.size() - rank) * p[order[rank]];
    largest = std::max(largest, std::min(1.0, scaled));
    corrected[order[rank]] = largest;
  }
  return corrected;
}

}  // namespace vlsm
