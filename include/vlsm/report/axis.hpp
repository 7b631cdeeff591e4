// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/report/table.hpp"

namespace vlsm::report {

/// One of the two axes of a plot: its range and its ticks, multiples of 1, 2 or 5 times a power of
/// ten.
class Axis {
 public:
  /// Widens the range to a value, at most 1e300 in size.
  void include(double value) {
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
    whole_ = whole_ && value == std::floor(value);
  }

  /// Chooses the ticks; `to_ticks` moves the ends of the range to ticks. Without a value the range
  /// is 0 to 1, and a constant gets room on both sides.
  void finish(bool to_ticks) {
    if (low_ > high_) low_ = 0, high_ = 1, whole_ = false;
    double const size = std::max(std::abs(low_), std::abs(high_));
    if (high_ - low_ <= std::max(1e-9 * size, 1e-290)) {
      double const room = std::max(0.1 * size, whole_ || size < 1e-280 ? 1.0 : 0.0);
      low_ -= room;
      high_ += room;
    }
    double const coarse = (high_ - low_) / 5;
    double const power = std::pow(10, std::floor(std::log10(coarse))), digit = coarse / power;
    step_ = power * (digit < 1.01 ? 1 : digit < 2.01 ? 2 : digit < 5.01 ? 5 : 10);
    if (whole_) step_ = std::max(step_, 1.0);
    if (!to_ticks) return;
    low_ = std::floor(low_ / step_ + 1e-6) * step_;
    high_ = std::ceil(high_ / step_ - 1e-6) * step_;
  }

  /// Where the ticks are, in rising order.
  std::vector<double> ticks() const {
    std::vector<double> result;
    double const last = std::floor(high_ / step_ + 1e-6);
    for (double i = std::ceil(low_ / step_ - 1e-6); i <= last; ++i) {
      result.push_back(i * step_ + 0.0);  // no -0
    }
    return result;
  }

  /// A tick in as few digits as tell it from its neighbors.
  std::string label(double tick) const {
    auto const exponent = [](double value) {
      return static_cast<int>(std::floor(std::log10(value) + 1e-9));
    };
    double const size = std::max(std::abs(low_), std::abs(high_));
    if (size < 1e6 && step_ > 0.9e-5) {
      return strings::number_text(tick, std::chars_format::fixed, std::max(0, -exponent(step_)));
    }
    int const digits = exponent(size) - exponent(step_) + 1;
    return strings::number_text(tick, std::chars_format::general, std::clamp(digits, 1, 15));
  }

  /// Where a value lies in the range: 0 at its low end, 1 at its high end.
  double share(double value) const { return (value - low_) / (high_ - low_); }

 private:
  double low_ = HUGE_VAL, high_ = -HUGE_VAL, step_ = 1;
  bool whole_ = true;  // all values are whole numbers, such as epochs; so are the ticks then
};

}  // namespace vlsm::report
