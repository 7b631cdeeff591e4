// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include "vlsm/keys/key_rule.hpp"

namespace vlsm::io {

/// A source's tensor as ours: a matrix [n, m] becomes [m, n], a position table [1, N, C] becomes
/// [N, C], a vector [1, 1, C] becomes [C], as `change` says. One whose shape the change does not
/// expect stays as it is.
inline at::Tensor to_ours(Change change, at::Tensor const& theirs) {
  switch (change) {
    case Change::transpose:
      return theirs.dim() == 2 ? theirs.t() : theirs;
    case Change::squeeze_positions:
      return theirs.dim() == 3 && theirs.size(0) == 1 ? theirs[0] : theirs;
    case Change::squeeze:
      return theirs.dim() == 3 && theirs.size(0) == 1 && theirs.size(1) == 1 ? theirs[0][0]
                                                                             : theirs;
    default:
      return theirs;
  }
}

/// Whether one of ours, of any shape, has one that `to_theirs` takes: two sides to transpose, a
/// first one that the parts divide.
inline bool has_theirs(KeyRule const& rule, at::Tensor const& ours) {
  if (rule.change == Change::transpose) return ours.dim() == 2;
  if (rule.change == Change::part) return ours.dim() > 0 && ours.size(0) % rule.parts == 0;
  return true;
}

/// One of ours, of any shape that has_theirs takes, as the source's, part `part` of `parts`: the
/// inverse of `to_ours`.
inline at::Tensor to_theirs(KeyRule const& rule, at::Tensor const& ours) {
  switch (rule.change) {
    case Change::transpose:
      return ours.t();
    case Change::squeeze_positions:
      return ours.unsqueeze(0);
    case Change::squeeze:
      return ours.unsqueeze(0).unsqueeze(0);
    case Change::part:
      return ours.chunk(rule.parts)[static_cast<std::size_t>(rule.part)];
    default:
      return ours;
  }
}

/// Whether a position table may have another size than the model's.
constexpr bool resizable(Change change) {
  return change == Change::positions || change == Change::squeeze_positions;
}

}  // namespace vlsm::io
