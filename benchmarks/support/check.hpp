// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstdio>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"

// How results are checked before they are timed.
namespace vlsm::bench {

/// "" where `actual` equals `expected`, else one line: how far off it is.
///
/// @param tolerance the largest error allowed, in standard deviations of `expected`
inline std::string difference(std::string const& name, at::Tensor const& actual,
                              at::Tensor const& expected, double tolerance = 1e-4) {
  if (actual.sizes() != expected.sizes())
    return name + " has shape " + shape_text(actual.sizes()) + ", expected " +
           shape_text(expected.sizes());
  at::Tensor const exact = expected.to(at::kDouble);
  double const error = (actual.to(at::kCPU, at::kDouble) - exact).abs().max().item<double>();
  double const scale = exact.numel() > 1 ? exact.std().item<double>() : exact.abs().item<double>();
  if (error <= tolerance * scale) return {};  // false for NaN, too
  char line[160];
  std::snprintf(line, sizeof line, " is wrong: largest error %.2g of std, allowed %.0e",
                error / scale, tolerance);
  return name + line;
}

/// The first of several findings.
inline std::string first_of(std::vector<std::string> const& findings) {
  for (std::string const& finding : findings)
    if (!finding.empty()) return finding;
  return {};
}

/// The same for lists of results.
inline std::string difference(std::vector<at::Tensor> const& actual,
                              std::vector<at::Tensor> const& expected, double tolerance = 1e-4) {
  if (actual.size() != expected.size())
    return std::to_string(actual.size()) + " results, expected " + std::to_string(expected.size());
  std::vector<std::string> findings;
  for (std::size_t i = 0; i < expected.size(); ++i)
    findings.push_back(
        difference("result " + std::to_string(i), actual[i], expected[i], tolerance));
  return first_of(findings);
}

/// The rows of `x`, over and over, up to `batch` of them.
inline at::Tensor repeated(at::Tensor const& x, std::int64_t batch) {
  return x.index({at::arange(batch, at::kLong).remainder(x.size(0))});
}

}  // namespace vlsm::bench
