// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "support/doctest.hpp"

namespace vlsm::test {

/// The largest error of results, each of the largest value it should have. They must be of the type
/// `type`; one that is undefined in `exact` is not asked for.
inline double worst_error(std::vector<at::Tensor> const& found,
                          std::vector<at::Tensor> const& exact, at::ScalarType type) {
  REQUIRE(found.size() == exact.size());
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (!exact[i].defined()) continue;
    CHECK(found[i].sizes() == exact[i].sizes());
    CHECK((found[i].scalar_type() == type));
    double const error = (found[i].to(at::kDouble) - exact[i]).abs().max().item<double>();
    worst = std::max(worst, error / exact[i].abs().max().item<double>());
  }
  return worst;
}

}  // namespace vlsm::test
