// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cpu/vector.hpp"

namespace vlsm::kernels {

/// What a product does to each result before it is written.
enum class Epilogue {
  none,
  relu,
  gelu,   ///< exact, by erf
  swish,  ///< x sigmoid(x)
};

namespace detail {

/// x becomes 0.5 x (1 + erf(x / sqrt 2)): erf by Abramowitz and Stegun's 7.1.26, whose error is at
/// most 1.5e-7.
template <int bytes>
VLSM_ALWAYS_INLINE void gelu(typename cpu::Lanes<float, bytes>::Vector& x) {
  using V = typename cpu::Lanes<float, bytes>::Vector;
  constexpr float half_root = 0.707106781186547524f;
  V z = (x < V{} ? -x : x) * half_root;
  z = z > 9.0f ? V{} + 9.0f : z;  // infinity times zero is none
  V const t = 1.0f / (1.0f + 0.3275911f * z);
  V power = z * z * -1.44269504088896341f;
  cpu::exp2_of<float, bytes>(power);
  V const tail = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t +
                  0.254829592f) *
                 t * power;  // 1 - erf(z)
  V const less = half_root * z * tail;
  x = x < V{} ? -less : x - less;
}

/// x becomes x / (1 + e^-x).
template <int bytes>
VLSM_ALWAYS_INLINE void swish(typename cpu::Lanes<float, bytes>::Vector& x) {
  using V = typename cpu::Lanes<float, bytes>::Vector;
  V power = x * -1.44269504088896341f;
  power = power > 126.0f ? V{} + 126.0f : power;
  cpu::exp2_of<float, bytes>(power);
  x = x / (1.0f + power);
}

}  // namespace detail

/// The epilogue of every lane. NaN stays NaN.
template <int bytes>
VLSM_ALWAYS_INLINE void apply(Epilogue then, typename cpu::Lanes<float, bytes>::Vector& x) {
  using V = typename cpu::Lanes<float, bytes>::Vector;
  if (then == Epilogue::relu) x = x < V{} ? V{} : x;
  if (then == Epilogue::gelu) detail::gelu<bytes>(x);
  if (then == Epilogue::swish) detail::swish<bytes>(x);
}

}  // namespace vlsm::kernels
