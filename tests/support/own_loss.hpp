// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/segmentation_loss/launch.hpp"

// A loss of a user's own: the share of the pixels that is marked, and squared errors of the
// probabilities. Its launches on a GPU are made in own_loss.cu.
namespace vlsm::test {

struct Marked {
  VLSM_EVERYWHERE kernels::RegionLoss operator()(kernels::DiceSums const& s) const {
    return {s.predicted, 0, 1};
  }
};
struct Brier {
  static constexpr bool none = false;

  template <class Math, class V>
  VLSM_EVERYWHERE void value(V const&, kernels::Probability<V> const& s, V const& t,
                             V& result) const {
    result = (s.yes - t) * (s.yes - t);
  }
  template <class Math, class V>
  VLSM_EVERYWHERE void slope(V const&, kernels::Probability<V> const& s, V const& t,
                             V& result) const {
    result = 2.0f * (s.yes - t) * s.yes * s.no;
  }
};

}  // namespace vlsm::test

template <class Term>
inline constexpr bool vlsm::kernels::on_gpu<vlsm::test::Marked, Term> = true;
