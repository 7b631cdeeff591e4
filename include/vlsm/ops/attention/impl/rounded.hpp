// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/kernels/attention/cpu/rounded.hpp"
#include "vlsm/ops/attention/cpu.hpp"
#include "vlsm/ops/attention/options.hpp"
#include "vlsm/ops/attention/rounded.hpp"
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
  auto const rows = [](at::Tensor const& x) { return x.stride(3) == 1 ? x : x.contiguous(); };
  at::Tensor const q = rows(q_in), k = rows(k_in), v = rows(v_in);
  at::Tensor const out = at::empty(q.sizes(), q.options());
  if (out.numel() == 0) return out;
  using kernels::cpu::AttentionForward, kernels::cpu::RoundedAttentionScratch;
  AttentionForward<float> a;
  a.batch = static_cast<int>(q.size(0)), a.queries = static_cast<int>(q.size(1));
  a.keys = static_cast<int>(k.size(1)), a.heads = static_cast<int>(q.size(2));
  a.dim = static_cast<int>(q.size(3)), a.scale = options.scale_of(q);
  auto const view = [](at::Tensor const& x, auto* data) {
    return kernels::cpu::Rows<std::remove_pointer_t<decltype(data)>>{data, x.stride(0), x.stride(1),
                                                                     x.stride(2)};
  };
  a.q = view(q, q.const_data_ptr<float>()), a.k = view(k, k.const_data_ptr<float>());
  a.v = view(v, v.const_data_ptr<float>()), a.out = view(out, out.mutable_data_ptr<float>());

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
