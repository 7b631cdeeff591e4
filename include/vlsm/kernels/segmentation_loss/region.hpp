// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <type_traits>

#include "vlsm/kernels/common/host_device.hpp"

// Losses of regions: functions of three sums over an image's pixels, |P and T|, |P| and |T|. A loss
// of one's own is a struct with such an operator().
namespace vlsm::kernels {

/// The sums of a plane. `term` is that of a loss per pixel (pixel_term.hpp).
struct DiceSums {
  double overlap = 0, predicted = 0, wanted = 0, term = 0;

  VLSM_EVERYWHERE DiceSums& operator+=(DiceSums const& other) {
    overlap += other.overlap, predicted += other.predicted;
    wanted += other.wanted, term += other.term;
    return *this;
  }
};

/// A region's loss and its derivatives with respect to |P and T| and |P|.
struct RegionLoss {
  double value, by_overlap, by_predicted;
};

/// 1 - (2 |P and T| + smooth) / (|P| + |T| + smooth).
struct Dice {
  double smooth_numerator = 1e-5, smooth_denominator = 1e-5;

  VLSM_EVERYWHERE RegionLoss operator()(DiceSums const& s) const {
    double const top = 2 * s.overlap + smooth_numerator;
    double const size = s.predicted + s.wanted + smooth_denominator;
    return {1 - top / size, -2 / size, top / (size * size)};
  }
};

/// The soft intersection over union, smoothed as MONAI does: both parts are doubled.
struct Jaccard {
  double smooth_numerator = 1e-5, smooth_denominator = 1e-5;

  VLSM_EVERYWHERE RegionLoss operator()(DiceSums const& s) const {
    double const top = 2 * s.overlap + smooth_numerator;
    double const size = 2 * (s.predicted + s.wanted - s.overlap) + smooth_denominator;
    return {1 - top / size, -2 * (size + top) / (size * size), 2 * top / (size * size)};
  }
};

/// Tversky's loss (Salehi et al. 2017): Dice with a weight each for false positives and false
/// negatives.
struct Tversky {
  double false_positive = 0.5, false_negative = 0.5;
  double smooth_numerator = 1e-5, smooth_denominator = 1e-5;

  VLSM_EVERYWHERE RegionLoss operator()(DiceSums const& s) const {
    double const top = s.overlap + smooth_numerator;
    double const size = s.overlap + false_positive * (s.predicted - s.overlap) +
                        false_negative * (s.wanted - s.overlap) + smooth_denominator;
    return {1 - top / size, -(size - top * (1 - false_positive - false_negative)) / (size * size),
            top * false_positive / (size * size)};
  }
};

/// Abraham and Khan 2019: a power of Tversky's loss. An exponent below 1 is infinitely steep at a
/// loss of 0; there is nothing to correct there, and the gradient is 0.
struct FocalTversky {
  Tversky tversky = {.false_positive = 0.3, .false_negative = 0.7};
  double exponent = 0.75;

  VLSM_EVERYWHERE RegionLoss operator()(DiceSums const& s) const {
    RegionLoss loss = tversky(s);
    if (!(loss.value > 0)) return loss.value <= 0 ? RegionLoss{0, 0, 0} : loss;
    double const steep = exponent * std::pow(loss.value, exponent - 1);
    return {std::pow(loss.value, exponent), steep * loss.by_overlap, steep * loss.by_predicted};
  }
};

template <class Region>
inline constexpr bool is_own_region =
    std::is_same_v<Region, Dice> || std::is_same_v<Region, Jaccard> ||
    std::is_same_v<Region, Tversky> || std::is_same_v<Region, FocalTversky>;

}  // namespace vlsm::kernels
