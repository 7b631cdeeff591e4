// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "vlsm/base/error.hpp"

namespace vlsm::ops {

/// What an attention is told beside its queries, keys and values.
struct AttentionOptions {
  at::Tensor lengths{};               ///< int32 [B]: so many first keys count; undefined: all
  std::optional<double> scale{};      ///< of the scores; 1 / sqrt(D) where nothing is said
  double dropout = 0;                 ///< share of the weights that are dropped, below 1
  std::int64_t seed = 0, offset = 0;  ///< of Philox, which decides what is dropped

  /// The scale of the scores of queries [..., D].
  double scale_of(at::Tensor const& q) const {
    if (scale) return *scale;
    return 1 / std::sqrt(static_cast<double>(q.sym_size(-1).guard_int(__FILE__, __LINE__)));
  }
};

/// Throws Error unless q [B, Nq, H, D], k and v [B, Nk, H, D] and the options fit each other.
inline void check_attention(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                            AttentionOptions const& options) {
  auto const fail = [&](char const* what, std::string const& where, char const* remedy) {
    throw Error(what, "fusion_attention: " + where, remedy);
  };
  std::string const shapes = "q " + shape_text(q.sizes()) + ", k " + shape_text(k.sizes()) +
                             ", v " + shape_text(v.sizes());
  if (q.dim() != 4 || k.dim() != 4 || k.sizes() != v.sizes() || q.size(0) != k.size(0) ||
      q.size(2) != k.size(2) || q.size(3) != k.size(3) || q.size(3) == 0)
    fail("queries, keys and values do not fit each other", shapes,
         "pass q [B, Nq, H, D], k and v [B, Nk, H, D]");
  if (q.scalar_type() != k.scalar_type() || q.scalar_type() != v.scalar_type() ||
      !q.is_floating_point() || q.device() != k.device() || q.device() != v.device())
    fail("queries, keys and values differ in type or device", shapes,
         "give all three one floating-point type on one device");
  at::Tensor const& lengths = options.lengths;
  if (lengths.defined() && (lengths.dim() != 1 || lengths.size(0) != q.size(0) ||
                            lengths.scalar_type() != at::kInt || lengths.device() != q.device()))
    fail("the lengths do not fit the batch", "shape " + shape_text(lengths.sizes()),
         "pass int32 [B] on the device of the queries");
  if (!(options.dropout >= 0 && options.dropout < 1))
    fail("the dropout is no share below 1", std::to_string(options.dropout),
         "pass 0 to switch it off");
}

}  // namespace vlsm::ops
