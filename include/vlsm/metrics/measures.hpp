// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

// The scores of a mask, and what is made of those of many.
namespace vlsm {

/// How well a mask was found.
struct Measures {
  double dice = 0;
  double iou = 0;
  /// 95th percentile of the Hausdorff distance in pixels of the size that is scored at
  /// (metrics/hausdorff.hpp); NaN where prediction or target is empty, and where it is not asked
  /// for.
  double hd95 = std::numeric_limits<double>::quiet_NaN();
};

/// A member of Measures as results name it.
struct NamedMeasure {
  char const* name;
  double Measures::*value;
  bool may_lack = false;  ///< is NaN of some masks: a mean comes with the number that it is of
};

/// All of them: what stores, averages or sends measures goes through this list.
inline constexpr std::array<NamedMeasure, 3> named_measures{
    {{"dice", &Measures::dice}, {"iou", &Measures::iou}, {"hd95", &Measures::hd95, true}}};

/// A mean with its standard deviation (of the population, as numpy's std) over the finite ones of
/// some values; NaN where there are none.
struct Spread {
  double mean = 0;
  double deviation = 0;
  std::size_t count = 0;  ///< of how many values
};

/// The spread of `values`.
inline Spread spread_of(std::vector<double> const& values) {
  double sum = 0, squares = 0;
  std::size_t count = 0;
  for (double const value : values)
    if (std::isfinite(value)) sum += value, ++count;
  double const mean = sum / static_cast<double>(count);
  for (double const value : values)
    if (std::isfinite(value)) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / static_cast<double>(count)), count};
}

}  // namespace vlsm
