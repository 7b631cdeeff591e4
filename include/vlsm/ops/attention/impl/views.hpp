// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include "vlsm/kernels/attention/cpu/view.hpp"
#include "vlsm/ops/attention/options.hpp"

// Tensors as the CPU's attentions see them.
namespace vlsm::ops::detail {

/// A tensor whose last dimension is contiguous, in the type that is computed with.
inline at::Tensor computable(at::Tensor const& x) {
  at::Tensor const wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  return wide.stride(3) == 1 || wide.size(3) == 1 ? wide : wide.contiguous();
}

template <class T>
kernels::cpu::Rows<T const> view_of(at::Tensor const& x) {
  return {x.const_data_ptr<T>(), x.stride(0), x.stride(1), x.stride(2)};
}
template <class T>
kernels::cpu::Rows<T> view_to(at::Tensor const& x) {
  return {x.mutable_data_ptr<T>(), x.stride(0), x.stride(1), x.stride(2)};
}

inline kernels::cpu::AttentionSizes sizes_of(at::Tensor const& q, at::Tensor const& k,
                                             AttentionOptions const& options,
                                             at::Tensor const& lengths) {
  return {.batch = static_cast<int>(q.size(0)),
          .queries = static_cast<int>(q.size(1)),
          .keys = static_cast<int>(k.size(1)),
          .heads = static_cast<int>(q.size(2)),
          .dim = static_cast<int>(q.size(3)),
          .lengths = lengths.defined() ? lengths.const_data_ptr<std::int32_t>() : nullptr,
          .scale = options.scale_of(q),
          .dropout = {options.dropout, static_cast<std::uint64_t>(options.seed),
                      static_cast<std::uint64_t>(options.offset)}};
}

}  // namespace vlsm::ops::detail
