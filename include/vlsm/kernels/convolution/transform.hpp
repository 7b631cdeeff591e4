// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/cpu/isa.hpp"

// Winograd's minimal filtering (Lavin and Gray 2016) of a 3 x 3 convolution: tile x tile results
// are read off products of polynomials at tile + 2 points. Along each axis the results are
// A^T [(G g) * (B^T d)] of a filter g [3] and of inputs d [tile + 2].
namespace vlsm::kernels::winograd {

/// F(2 x 2, 3 x 3): points 0, 1, -1 and infinity. 16 products a tile where the sum needs 36.
template <int tile>
struct Transform {
  static_assert(tile == 2);
  static constexpr int points = 4;
  static constexpr double filter[points][3] = {
      {-1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};

  /// B^T d in place: four vectors, `step` apart.
  template <class V>
  static VLSM_ALWAYS_INLINE void input(V* d, int step) {
    V const d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    d[0] = d2 - d0;
    d[step] = d2 + d1;
    d[2 * step] = d2 - d1;
    d[3 * step] = d3 - d1;
  }

  /// A^T m in place: four vectors, `step` apart, become two.
  template <class V>
  static VLSM_ALWAYS_INLINE void output(V* m, int step) {
    V const sum = m[step] + m[2 * step], difference = m[step] - m[2 * step];
    m[0] = m[0] + sum;
    m[step] = difference + m[3 * step];
  }
};

/// F(4 x 4, 3 x 3): 36 products a tile where the sum needs 144. Points 0, 3/4, -3/4, 3/2, -3/2 and
/// infinity: rounding errors are half those of the usual 0, 1, -1, 2, -2, since powers of the
/// points stay nearer to one; the largest are a quarter. Binary fractions, so all but G is exact.
template <>
struct Transform<4> {
  static constexpr int points = 6;
  static constexpr double a = 0.75, b = 1.5, aa = a * a, bb = b * b;
  static constexpr double at_a = 1 / (2 * aa * (aa - bb)), at_b = 1 / (2 * bb * (bb - aa));
  static constexpr double filter[points][3] = {
      {1 / (aa * bb), 0, 0},     {at_a, at_a* a, at_a* aa},  {at_a, -at_a* a, at_a* aa},
      {at_b, at_b* b, at_b* bb}, {at_b, -at_b* b, at_b* bb}, {0, 0, 1}};

  /// B^T d in place: six vectors, `step` apart.
  template <class V>
  static VLSM_ALWAYS_INLINE void input(V* d, int step) {
    constexpr float pa = a, pb = b, qa = aa, qb = bb, sum = aa + bb, product = aa * bb;
    V const d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],
            d5 = d[5 * step];
    V const even_a = d4 - qb * d2, odd_a = d3 - qb * d1;
    V const even_b = d4 - qa * d2, odd_b = d3 - qa * d1;
    d[0] = (d4 + product * d0) - sum * d2;
    d[step] = even_a + pa * odd_a;
    d[2 * step] = even_a - pa * odd_a;
    d[3 * step] = even_b + pb * odd_b;
    d[4 * step] = even_b - pb * odd_b;
    d[5 * step] = (d5 + product * d1) - sum * d3;
  }

  /// A^T m in place: six vectors, `step` apart, become four.
  template <class V>
  static VLSM_ALWAYS_INLINE void output(V* m, int step) {
    constexpr float pa = a, pb = b, qa = aa, qb = bb, ca = aa * a, cb = bb * b;
    V const sum_a = m[step] + m[2 * step], odd_a = m[step] - m[2 * step];
    V const sum_b = m[3 * step] + m[4 * step], odd_b = m[3 * step] - m[4 * step];
    m[0] = m[0] + (sum_a + sum_b);
    m[step] = pa * odd_a + pb * odd_b;
    m[2 * step] = qa * sum_a + qb * sum_b;
    m[3 * step] = (m[5 * step] + ca * odd_a) + cb * odd_b;
  }
};

}  // namespace vlsm::kernels::winograd
