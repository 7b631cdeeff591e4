// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "vlsm/kernels/segmentation_loss/launch.hpp"

// A loss to copy: functors that the CPU and a GPU share. This header needs no LibTorch, so that
// nvcc may read it (loss.cu).
namespace mine {

// [functors]
/// -log of Dice: the sums of a plane to a value and its derivatives with respect to `overlap` and
/// `predicted`.
struct LogDice {
  double smooth = 1e-5;

  VLSM_EVERYWHERE vlsm::kernels::RegionLoss operator()(vlsm::kernels::DiceSums const& s) const {
    double const top = 2 * s.overlap + smooth, size = s.predicted + s.wanted + smooth;
    return {-std::log(top / size), -2 / top, 1 / size};
  }
};

/// Squared errors of the probabilities. V is a float or a vector of floats.
struct SquaredError {
  static constexpr bool none = false;

  template <class Math, class V>
  VLSM_EVERYWHERE void value(V const& /*x*/, vlsm::kernels::Probability<V> const& s, V const& t,
                             V& result) const {
    result = (s.yes - t) * (s.yes - t);
  }
  template <class Math, class V>
  VLSM_EVERYWHERE void slope(V const& /*x*/, vlsm::kernels::Probability<V> const& s, V const& t,
                             V& result) const {
    result = 2.0f * (s.yes - t) * s.yes * s.no;
  }
};
// [functors]

}  // namespace mine

// [on_gpu]
template <>
inline constexpr bool vlsm::kernels::on_gpu<mine::LogDice, mine::SquaredError> = true;
// [on_gpu]
