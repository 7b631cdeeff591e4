// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>

#include "vlsm/base/compiled.hpp"
#include "vlsm/kernels/attention/cpu/backward.hpp"
#include "vlsm/kernels/attention/cpu/forward.hpp"
#include "vlsm/ops/attention/cpu.hpp"
#include "vlsm/ops/attention/impl/views.hpp"
#include "vlsm/ops/parallel.hpp"

// The fused attention on a CPU: tensors to the views of kernels/cpu, and tasks to threads.
namespace vlsm::ops {

namespace detail {

/// The queries of a head in chunks, so that many threads find work with few heads. The number of
/// chunks depends on the sizes alone: so do the bits of the sums over them.
struct Chunks {
  explicit Chunks(kernels::cpu::AttentionSizes const& a)
      : queries(a.queries), count(std::max(1, (a.queries + 511) / 512)) {
    constexpr int tile = kernels::cpu::widest_tile;
    rows = ((queries + count - 1) / count + tile - 1) / tile * tile;
  }
  int queries, count, rows;
};

/// Adds the other rows of `partial` [chunks, ...] to the first, one after the other.
template <class T>
void add_chunks(at::Tensor const& partial) {
  std::int64_t const chunks = partial.size(0), count = partial.numel() / chunks;
  T* const data = partial.mutable_data_ptr<T>();
  parallel_for(chunks > 1 ? count : 0, 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t chunk = 1; chunk < chunks; ++chunk)
      for (std::int64_t i = begin; i < end; ++i) data[i] += data[chunk * count + i];
  });
}

/// Double precision is for checks of gradients: compiled for one instruction set.
template <class T, class Body>
void run(Body const& body) {
  if constexpr (std::is_same_v<T, double>)
    kernels::cpu::detail::run_base(body);
  else
    kernels::cpu::dispatch(body);
}

/// Calls work(b, h, first, last, chunk, scratch) for each chunk of queries of each head.
template <class T, class Work>
void each_chunk(kernels::cpu::AttentionSizes const& a, Work const& work) {
  Chunks const chunks(a);
  std::int64_t const tasks = std::int64_t{a.batch} * a.heads * chunks.count;
  parallel_for(tasks, 1, [&](std::int64_t begin, std::int64_t end) {
    auto const scratch = at::empty({static_cast<std::int64_t>(kernels::cpu::attention_scratch(a))},
                                   at::CppTypeToScalarType<T>::value);
    for (std::int64_t task = begin; task < end; ++task) {
      int const chunk = static_cast<int>(task % chunks.count),
                h = static_cast<int>(task / chunks.count % a.heads),
                b = static_cast<int>(task / chunks.count / a.heads);
      int const first = std::min(chunk * chunks.rows, a.queries),
                last = std::min(first + chunks.rows, a.queries);
      work(b, h, first, last, chunk, scratch.template mutable_data_ptr<T>());
    }
  });
}

}  // namespace detail

VLSM_INLINE std::pair<at::Tensor, at::Tensor> attention_cpu_forward(at::Tensor const& q_in,
                                                                    at::Tensor const& k_in,
                                                                    at::Tensor const& v_in,
                                                                    AttentionOptions const& options,
                                                                    bool with_lse) {
  at::Tensor const q = detail::computable(q_in), k = detail::computable(k_in),
                   v = detail::computable(v_in);
  at::Tensor const lengths =
      options.lengths.defined() ? options.lengths.contiguous() : at::Tensor();
  at::Tensor const out = at::empty(q.sizes(), q.options());
  at::Tensor lse;
  if (with_lse) lse = at::empty({q.size(0), q.size(2), q.size(1)}, q.options());
  auto const run = [&]<class T>() {
    kernels::cpu::AttentionForward<T> a;
    static_cast<kernels::cpu::AttentionSizes&>(a) = detail::sizes_of(q, k, options, lengths);
    a.q = detail::view_of<T>(q), a.k = detail::view_of<T>(k), a.v = detail::view_of<T>(v);
    a.out = detail::view_to<T>(out);
    a.lse = with_lse ? lse.mutable_data_ptr<T>() : nullptr;
    detail::each_chunk<T>(a, [&](int b, int h, int first, int last, int, T* scratch) {
      detail::run<T>(kernels::cpu::ForwardRows<T>{a, b, h, first, last, scratch});
    });
  };
  if (q.scalar_type() == at::kDouble)
    run.template operator()<double>();
  else
    run.template operator()<float>();
  return {out.to(q_in.scalar_type()), lse};
}

VLSM_INLINE std::array<at::Tensor, 3> attention_cpu_backward(at::Tensor const& grad_out_in,
                                                             at::Tensor const& q_in,
                                                             at::Tensor const& k_in,
                                                             at::Tensor const& v_in,
                                                             AttentionOptions const& options) {
  at::Tensor const q = detail::computable(q_in), k = detail::computable(k_in),
                   v = detail::computable(v_in), grad_out = detail::computable(grad_out_in);
  at::Tensor const lengths =
      options.lengths.defined() ? options.lengths.contiguous() : at::Tensor();
  at::Tensor const grad_q = at::empty(q.sizes(), q.options());
  auto const sizes = detail::sizes_of(q, k, options, lengths);
  std::int64_t const chunks = detail::Chunks(sizes).count;
  at::Tensor const grad_k =
      at::empty({chunks, k.size(0), k.size(2), k.size(1), k.size(3)}, k.options());
  at::Tensor const grad_v = at::empty_like(grad_k);
  auto const run = [&]<class T>() {
    kernels::cpu::AttentionBackward<T> a;
    static_cast<kernels::cpu::AttentionSizes&>(a) = sizes;
    a.q = detail::view_of<T>(q), a.k = detail::view_of<T>(k), a.v = detail::view_of<T>(v);
    a.grad_out = detail::view_of<T>(grad_out);
    a.grad_q = detail::view_to<T>(grad_q);
    a.grad_k = grad_k.mutable_data_ptr<T>(), a.grad_v = grad_v.mutable_data_ptr<T>();
    detail::each_chunk<T>(a, [&](int b, int h, int first, int last, int chunk, T* scratch) {
      detail::run<T>(kernels::cpu::BackwardRows<T>{a, b, h, first, last, chunk, scratch});
    });
  };
  if (q.scalar_type() == at::kDouble)
    run.template operator()<double>();
  else
    run.template operator()<float>();
  auto const finish = [&](at::Tensor const& partial) {
    if (q.scalar_type() == at::kDouble)
      detail::add_chunks<double>(partial);
    else
      detail::add_chunks<float>(partial);
    return partial[0].transpose(1, 2).to(q_in.scalar_type());  // [B, Nk, H, D]
  };
  return {grad_q.to(q_in.scalar_type()), finish(grad_k), finish(grad_v)};
}

}  // namespace vlsm::ops
