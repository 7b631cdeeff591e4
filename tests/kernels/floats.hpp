// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "support/doctest.hpp"
#include "vlsm/kernels/common/element.hpp"

// What the tests of kernels that read and write numbers of one type share.
namespace vlsm::test {

using kernels::BFloat16;
using kernels::Element;
using kernels::Half;

template <class T>
constexpr Element element_of = std::is_same_v<T, float>  ? Element::f32
                               : std::is_same_v<T, Half> ? Element::f16
                                                         : Element::bf16;
template <class T>
constexpr char const* name_of = std::is_same_v<T, float>  ? "float32"
                                : std::is_same_v<T, Half> ? "float16"
                                                          : "bfloat16";
/// Half of the last place, relative.
template <class T>
constexpr double last_place = std::is_same_v<T, float>  ? 0x1p-24
                              : std::is_same_v<T, Half> ? 0x1p-11
                                                        : 0x1p-8;

/// The float as a T can hold it.
template <class T>
float rounded(float value) {
  return kernels::to_float(kernels::from_float<T>(value));
}

/// Numbers as the kernels take them and as double; `middle` +- 1.
template <class T>
struct Numbers {
  std::vector<T> stored;

  explicit Numbers(std::size_t count = 0) : stored(count) {}
  Numbers(std::size_t count, unsigned seed, float middle = 0) {
    std::uint32_t state = 747796405u * seed + 1;
    for (std::size_t i = 0; i < count; ++i) {
      state = state * 1664525u + 1013904223u;
      float const uniform = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
      stored.push_back(kernels::from_float<T>(middle + uniform));
    }
  }
  T* data() { return stored.data(); }
  T const* data() const { return stored.data(); }
  float at(std::size_t i) const { return kernels::to_float(stored[i]); }
  double exact(std::size_t i) const { return static_cast<double>(at(i)); }
};

/// Holds errors against those of the plain computation in the same type, and names the worst.
struct ErrorRatios {
  double worst = 0;
  std::string worst_name;

  /// The largest error of `got` may be twice the largest of `plain`; where that is below half of
  /// the last place of the largest number, which storing it may cost, twice that.
  template <class T>
  void take(std::string const& name, Numbers<T> const& got, std::vector<float> const& plain,
            std::vector<double> const& exact) {
    REQUIRE(got.stored.size() == exact.size());
    double ours = 0, theirs = 0, largest = 1e-30;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      double const error = std::abs(got.exact(i) - exact[i]);
      ours = error <= ours ? ours : std::isfinite(error) ? error : HUGE_VAL;  // NaN counts
      theirs = std::max(theirs, std::abs(static_cast<double>(plain[i]) - exact[i]));
      largest = std::max(largest, std::abs(exact[i]));
    }
    double const ratio = ours / std::max(theirs, last_place<T> * largest);
    CHECK_MESSAGE(ratio <= 2, name, ": error ratio ", ratio);
    if (ratio < worst) return;
    worst = ratio;
    worst_name = name;
  }
  ~ErrorRatios() { MESSAGE("largest error ratio ", worst, ": ", worst_name); }
};

}  // namespace vlsm::test
