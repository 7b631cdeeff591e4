// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention_case.hpp"

namespace vlsm::test {

struct AttentionInputs {
  Numbers q, k, v, grad_out;
};

struct AttentionResults {
  Numbers out, lse, grad_q, grad_k, grad_v;
};

/// The plainest attention there is, one query after another. Real = double: the reference, nothing
/// is rounded. Real = float: the straightforward computation in the case's arithmetic: products of
/// rounded factors, float sums, each matrix stored as the tensors are.
template <class Real>
AttentionResults plain_attention(AttentionCase const& c, AttentionInputs const& in) {
  constexpr bool exact = std::is_same_v<Real, double>;
  auto const factor = [&](Real x) { return exact ? x : Real(multiplied(c.arithmetic, x)); };
  auto const result = [&](Real x) { return exact ? x : Real(stored(c.arithmetic, x)); };
  kernels::AttentionShape const shape = c.shape();
  kernels::ScoreMask const mask(shape.dropout);
  Real const scale = shape.scale, kept_scale = static_cast<Real>(shape.dropout_scale);
  std::size_t const lines = static_cast<std::size_t>(c.batch) * c.heads * c.queries;
  AttentionResults r{Numbers(in.q.size()), Numbers(lines), Numbers(in.q.size()),
                     Numbers(in.k.size()), Numbers(in.v.size())};
  std::vector<Real> p(c.keys), dropped(c.keys), o(c.width), dq(c.width);
  std::vector<Real> dk(in.k.size()), dv(in.v.size());
  auto const dot = [&](Numbers const& a, std::size_t i, Numbers const& b, std::size_t j) {
    Real sum = 0;
    for (int d = 0; d < c.width; ++d) sum += factor(Real(a[i + d])) * factor(Real(b[j + d]));
    return sum;
  };
  for (int b = 0; b < c.batch; ++b)
    for (int h = 0; h < c.heads; ++h)
      for (int row = 0; row < c.queries; ++row) {
        std::size_t const line = (static_cast<std::size_t>(b) * c.heads + h) * c.queries + row;
        std::size_t const at = c.at(b, row, c.queries, h);
        int const length = c.length(b);
        Real top = -std::numeric_limits<Real>::infinity(), sum = 0, delta = 0;
        for (int key = 0; key < length; ++key) {
          p[key] = scale * dot(in.q, at, in.k, c.at(b, key, c.keys, h));
          top = std::max(top, p[key]);
        }
        for (int key = 0; key < length; ++key) sum += p[key] = std::exp(p[key] - top);
        r.lse[line] = top + std::log(sum);
        std::fill(o.begin(), o.end(), Real(0));
        std::fill(dq.begin(), dq.end(), Real(0));
        for (int key = 0; key < length; ++key) {
          p[key] /= sum;
          bool const keeps = mask.keeps(static_cast<std::uint32_t>(line), key);
          dropped[key] = keeps ? p[key] * kept_scale : Real(0);
          for (int d = 0; d < c.width; ++d)
            o[d] += factor(dropped[key]) * factor(Real(in.v[c.at(b, key, c.keys, h) + d]));
        }
        for (int d = 0; d < c.width; ++d) {
          r.out[at + d] = result(o[d]);
          delta += Real(in.grad_out[at + d]) * Real(r.out[at + d]);
        }
        for (int key = 0; key < length; ++key) {
          std::size_t const other = c.at(b, key, c.keys, h);
          Real const keeps = dropped[key] != 0 ? kept_scale : Real(0);
          Real const ds = p[key] * (keeps * dot(in.grad_out, at, in.v, other) - delta);
          for (int d = 0; d < c.width; ++d) {
            dq[d] += factor(ds) * factor(Real(in.k[other + d]));
            dk[other + d] += factor(ds) * factor(Real(in.q[at + d]));
            dv[other + d] += factor(dropped[key]) * factor(Real(in.grad_out[at + d]));
          }
        }
        for (int d = 0; d < c.width; ++d) r.grad_q[at + d] = result(scale * dq[d]);
      }
  for (std::size_t i = 0; i < dk.size(); ++i) {
    r.grad_k[i] = result(scale * dk[i]);
    r.grad_v[i] = result(dv[i]);
  }
  return r;
}

/// Errors over the plain computation's: of the largest ones, and of the roots of the mean squares.
struct ErrorRatio {
  double largest = 0, mean = 0;
};

/// The errors of `got` over those of `plain`, where these are not below what storing the results
/// costs anyway: half of the last place of the largest one, in the mean a third of its square.
inline ErrorRatio error_ratio(AttentionCase const& c, Numbers const& got, Numbers const& plain,
                              Numbers const& exact) {
  struct Errors {
    double largest = 0, squares = 0;
    void take(double error) {
      largest = std::max(largest, std::abs(error));
      squares += error * error;
    }
  } ours, theirs, values;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (exact[i] == got[i] && std::isinf(got[i])) continue;  // minus infinity: a row without keys
    if (!std::isfinite(got[i])) return {INFINITY, INFINITY};
    ours.take(got[i] - exact[i]);
    theirs.take(plain[i] - exact[i]);
    values.take(exact[i]);
  }
  if (ours.largest == 0) return {};
  double const last = c.arithmetic == Arithmetic::f16    ? 0x1p-11
                      : c.arithmetic == Arithmetic::bf16 ? 0x1p-8
                                                         : 0x1p-24;
  // One key: its score has no gradient at all, and what is left of two equal sums of `width` terms
  // that were added in another order is float's error.
  double const floor = values.largest > 0 ? last * values.largest : 0x1p-24 * c.width;
  double const mean_floor =
      values.largest > 0 ? last * last / 3 * values.squares : floor * floor * exact.size();
  return {ours.largest / std::max(theirs.largest, floor),
          std::sqrt(ours.squares / std::max(theirs.squares, mean_floor))};
}

}  // namespace vlsm::test
