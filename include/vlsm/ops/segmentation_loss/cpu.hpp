// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

#include "vlsm/kernels/segmentation_loss/cpu.hpp"
#include "vlsm/ops/element.hpp"
#include "vlsm/ops/parallel.hpp"

// The segmentation losses on a CPU: tensors to the tasks of kernels/cpu, and chunks to threads.
namespace vlsm::ops {

namespace detail {

/// Calls `f(logits, target)` with typed pointers. Targets are float, uint8 or bool.
template <class F>
void with_elements(at::Tensor const& logits, at::Tensor const& target, F const& f) {
  kernels::with_floats(element_of(logits), "logits", "segmentation loss", [&]<class X>() {
    auto const* const x = static_cast<X const*>(logits.const_data_ptr());
    if (target.scalar_type() == at::kFloat)
      f(x, target.const_data_ptr<float>());
    else
      f(x, static_cast<std::uint8_t const*>(target.const_data_ptr()));
  });
}

template <class Task>
void run_chunks(Task const& task) {
  // Threads are worth their start for 32768 pixels each.
  std::int64_t const each = std::clamp<std::int64_t>(task.pixels, 1, kernels::dice_chunk);
  parallel_for(task.chunks(), 2 * kernels::dice_chunk / each,
               [&](std::int64_t first, std::int64_t last) { task.run(first, last); });
}

}  // namespace detail

/// The sums of every chunk of planes, logits and target [B, C, H, W], both contiguous: logits in
/// float32, float16 or bfloat16, targets in float32, uint8 or bool.
template <class Term>
std::vector<kernels::DiceSums> region_sums_cpu(kernels::DiceSizes const& size, Term const& term,
                                               at::Tensor const& logits, at::Tensor const& target) {
  std::vector<kernels::DiceSums> sums(static_cast<std::size_t>(size.chunks()));
  detail::with_elements(logits, target, [&]<class X, class Y>(X const* x, Y const* t) {
    detail::run_chunks(kernels::cpu::SumsTask<Term, X, Y>{size, term, x, t, sums.data()});
  });
  return sums;
}

/// Writes the gradient with respect to the logits [B, C, H, W] from the slopes of their planes
/// [B C]; likewise, and in the type of the logits.
template <class Term>
void region_gradient_cpu(kernels::DiceSizes const& size, Term const& term, at::Tensor const& logits,
                         at::Tensor const& target, kernels::DiceSlopes const* slopes,
                         at::Tensor const& gradient) {
  detail::with_elements(logits, target, [&]<class X, class Y>(X const* x, Y const* t) {
    detail::run_chunks(kernels::cpu::GradientTask<Term, X, Y>{
        size, term, x, t, static_cast<X*>(gradient.mutable_data_ptr()), slopes});
  });
}

// The library's own terms are compiled once (base/compiled.hpp).
#define VLSM_REGION_LOSS_OF(prefix, Term)                                            \
  prefix template std::vector<kernels::DiceSums> region_sums_cpu(                    \
      kernels::DiceSizes const&, Term const&, at::Tensor const&, at::Tensor const&); \
  prefix template void region_gradient_cpu(kernels::DiceSizes const&, Term const&,   \
                                           at::Tensor const&, at::Tensor const&,     \
                                           kernels::DiceSlopes const*, at::Tensor const&);
#ifdef VLSM_COMPILED
VLSM_REGION_LOSS_OF(extern, kernels::NoTerm)
VLSM_REGION_LOSS_OF(extern, kernels::EntropyOfLogits)
VLSM_REGION_LOSS_OF(extern, kernels::EntropyOfProbabilities)
VLSM_REGION_LOSS_OF(extern, kernels::FocalEntropy)
#endif

}  // namespace vlsm::ops
