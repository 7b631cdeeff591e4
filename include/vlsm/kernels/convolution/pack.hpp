// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "vlsm/kernels/convolution/winograd.hpp"

namespace vlsm::kernels::winograd {

/// G g G^T of the filters of one panel of 16 outputs, in double precision.
///
/// @param weight [out, in, 3, 3]
/// @param filter [(tile + 2)^2][panels][in][16]: this panel is written at every point
template <int tile>
struct PackPanel {
  float const* weight;
  Index out, in, index;
  float* filter;

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using cpu::panel;
    constexpr int n = tile + 2;
    constexpr auto const& g = Transform<tile>::filter;
    Index const first = index * panel, count = std::min<Index>(panel, out - first);
    Index const step = cpu::in_panels(out) * in;
    for (Index channel = 0; channel < in; ++channel) {
      double taps[9][panel] = {}, rows[n * 3][panel];
      for (Index o = 0; o < count; ++o)
        for (int i = 0; i < 9; ++i) taps[i][o] = weight[((first + o) * in + channel) * 9 + i];
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < 3; ++j)
          for (int o = 0; o < panel; ++o)
            rows[i * 3 + j][o] =
                g[i][0] * taps[j][o] + g[i][1] * taps[3 + j][o] + g[i][2] * taps[6 + j][o];
      float* to = filter + (index * in + channel) * panel;
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j, to += step)
          for (int o = 0; o < panel; ++o)
            to[o] = static_cast<float>(g[j][0] * rows[i * 3][o] + g[j][1] * rows[i * 3 + 1][o] +
                                       g[j][2] * rows[i * 3 + 2][o]);
    }
  }
};

}  // namespace vlsm::kernels::winograd
