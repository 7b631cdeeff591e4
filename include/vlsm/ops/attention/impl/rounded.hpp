// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/kernels/attention/cpu/rounded.hpp"
#include "vlsm/ops/attention/attention.hpp"
#include "vlsm/ops/attention/impl/views.hpp"
#include "vlsm/ops/launch.hpp"
#include "vlsm/ops/parallel.hpp"

namespace vlsm::ops {

VLSM_INLINE at::Tensor rounded_attention(at::Tensor const& q_in, at::Tensor const& k_in,
                                         at::Tensor const& v_in) {
  AttentionOptions const options;
  check_attention(q_in, k_in, v_in, options);
  if (!q_in.is_cpu() || q_in.scalar_type() != at::kFloat || k_in.size(1) == 0)
    throw Error(
        "the rounded attention takes float32 on the CPU, and at least one key",
        "rounded_attention: q " + shape_text(q_in.sizes()) + ", k " + shape_text(k_in.sizes()),
        "use fusion_attention there");
  at::Tensor const q = detail::computable(q_in), k = detail::computable(k_in),
                   v = detail::computable(v_in);
  at::Tensor const out = at::empty(q.sizes(), q.options());
  if (out.numel() == 0) return out;
  using kernels::cpu::AttentionForward, kernels::cpu::RoundedAttentionScratch;
  AttentionForward<float> a;
  static_cast<kernels::cpu::AttentionSizes&>(a) = detail::sizes_of(q, k, options, {});
  a.q = detail::view_of<float>(q), a.k = detail::view_of<float>(k);
  a.v = detail::view_of<float>(v), a.out = detail::view_to<float>(out);

  // A head is a task; with few of them, some of its queries are, and each packs keys and values.
  constexpr int tile = kernels::cpu::attention_tile;
  std::int64_t const heads = std::int64_t{a.batch} * a.heads;
  int const tiles = (a.queries + tile - 1) / tile;
  int const parts = static_cast<int>(std::clamp<std::int64_t>(
      (2 * parallel_threads() + heads - 1) / heads, 1, std::max(1, tiles / 4)));
  parallel_for(heads * parts, 1, [&](std::int64_t begin, std::int64_t end) {
    float* const scratch = detail::thread_scratch(RoundedAttentionScratch(a).all);
    for (std::int64_t task = begin; task < end; ++task) {
      int const part = static_cast<int>(task % parts), head = static_cast<int>(task / parts);
      kernels::cpu::rounded_attention(
          a, head / a.heads, head % a.heads, tiles * part / parts * tile,
          std::min(tiles * (part + 1) / parts * tile, a.queries), scratch);
    }
  });
  return out;
}

}  // namespace vlsm::ops
