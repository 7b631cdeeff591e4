// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cpu/vector.hpp"
#include "vlsm/kernels/segmentation_loss/pixel_term.hpp"

namespace vlsm::kernels::cpu {

/// What the pixel terms need of exponentials, for vectors of `bytes` bytes.
template <int bytes>
struct VectorMath {
  using V = typename Lanes<float, bytes>::Vector;
  using I = typename Lanes<float, bytes>::Integers;

  VLSM_ALWAYS_INLINE static void exp2(V& x) { exp2_of<float, bytes>(x); }

  VLSM_ALWAYS_INLINE static void probability(V const& x, Probability<V>& s) {
    s.size = reinterpret_cast<V>(reinterpret_cast<I>(x) & 0x7fffffff);
    V e = s.size * -1.44269504089f;
    exp2(e);
    // One division gives 1 / (1 + e) and z = e / (2 + e); log(1 + e) = 2 atanh(z), interpolated in
    // z^2 at the Chebyshev points, relative error 4e-9.
    V const both = 1.0f / ((1.0f + e) * (2.0f + e));
    V const likely = (2.0f + e) * both, unlikely = e * likely;
    V const z = e * ((1.0f + e) * both), w = z * z;
    V series = w * 0.281577783631f + 0.279651577452f;
    series = series * w + 0.400245952307f;
    series = series * w + 0.666663216414f;
    s.rest = (series * w + 2.00000000768f) * z;
    s.yes = x < 0.0f ? unlikely : likely;
    s.no = x < 0.0f ? likely : unlikely;
  }
};

}  // namespace vlsm::kernels::cpu
