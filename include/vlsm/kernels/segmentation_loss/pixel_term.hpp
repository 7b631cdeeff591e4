// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "vlsm/kernels/common/host_device.hpp"

// Losses per pixel, to be averaged beside a region's loss: functors of a logit x and a target t,
// each with its value and its slope, the derivative with respect to x. They are written once for
// floats and for vectors of floats; what differs between the two (exponentials) comes from `Math`.
namespace vlsm::kernels {

/// What a logit says: sigma(x), 1 - sigma(x), |x| and log(1 + e^-|x|), each exact in its last
/// places however large x is.
template <class V>
struct Probability {
  V yes, no, size, rest;
};

/// The region's loss alone.
struct NoTerm {
  static constexpr bool none = true;
};

/// Binary cross-entropy of the logits.
struct EntropyOfLogits {
  static constexpr bool none = false;

  template <class Math, class V>
  VLSM_EVERYWHERE void value(V const& x, Probability<V> const& s, V const& t, V& result) const {
    // Exact where a target is 0 or 1 and the logit agrees with it, however large.
    result = (x > 0.0f ? x : V{}) - x * t + s.rest;
  }
  template <class Math, class V>
  VLSM_EVERYWHERE void slope(V const&, Probability<V> const& s, V const& t, V& result) const {
    result = s.yes * (1.0f - t) - s.no * t;
  }
};

/// Binary cross-entropy that takes the probability p for a logit, a second sigmoid: what MONAI's
/// DiceCELoss makes of probabilities.
struct EntropyOfProbabilities {
  static constexpr bool none = false;

  template <class Math, class V>
  VLSM_EVERYWHERE void value(V const&, Probability<V> const& s, V const& t, V& result) const {
    // log(1 + e^p) - p / 2 is even and p is at most 1: interpolated in p^2 at the Chebyshev points,
    // relative error 5e-9.
    V const w = s.yes * s.yes;
    V even = w * -2.16677342021e-5f + 0.000343296878146f;
    even = even * w - 0.00520695835623f;
    even = even * w + 0.12499982963f;
    result = even * w + 0.693147183962f + s.yes * (0.5f - t);
  }
  template <class Math, class V>
  VLSM_EVERYWHERE void slope(V const&, Probability<V> const& s, V const& t, V& result) const {
    // sigma(p) - 1 / 2 is odd, likewise; relative error 1.3e-8.
    V const w = s.yes * s.yes;
    V odd = w * 1.67298285462e-5f - 0.000206969682924f;
    odd = odd * w + 0.00208199226637f;
    odd = odd * w - 0.0208331674653f;
    odd = odd * w + 0.249999996689f;
    result = (s.yes * odd + (0.5f - t)) * s.yes * s.no;
  }
};

/// Lin et al. 2017: cross-entropy of the logits, times (1 - probability of what is true)^gamma and
/// a weight for what is foreground and what is background.
struct FocalEntropy {
  static constexpr bool none = false;
  float gamma = 2, foreground = 1, background = 1;

  template <class Math, class V>
  VLSM_EVERYWHERE void value(V const& x, Probability<V> const& s, V const& t, V& result) const {
    V factor, against;
    weigh<Math>(x, t, factor, against);
    EntropyOfLogits().value<Math>(x, s, t, result);
    result = result * factor;
  }
  template <class Math, class V>
  VLSM_EVERYWHERE void slope(V const& x, Probability<V> const& s, V const& t, V& result) const {
    V factor, against, entropy;
    weigh<Math>(x, t, factor, against);
    EntropyOfLogits().value<Math>(x, s, t, entropy);
    EntropyOfLogits().slope<Math>(x, s, t, result);
    result = factor * (result + gamma * entropy * against * (1.0f - 2.0f * t));
  }

 private:
  /// factor: the weight times sigma(y)^gamma, y = (1 - 2 t) x; against: 1 - sigma(y). Targets
  /// between 0 and 1 are read as MONAI's FocalLoss reads them.
  template <class Math, class V>
  VLSM_EVERYWHERE void weigh(V const& x, V const& t, V& factor, V& against) const {
    V const y = (1.0f - 2.0f * t) * x;
    Probability<V> s;
    Math::probability(y, s);
    against = s.no;
    constexpr float log2e = 1.44269504089f;
    factor = (0.5f * (y - s.size) - s.rest) * (gamma * log2e);
    Math::exp2(factor);
    factor = factor * (background + t * (foreground - background));
  }
};

template <class Term>
inline constexpr bool is_own_term =
    std::is_same_v<Term, NoTerm> || std::is_same_v<Term, EntropyOfLogits> ||
    std::is_same_v<Term, EntropyOfProbabilities> || std::is_same_v<Term, FocalEntropy>;

}  // namespace vlsm::kernels
