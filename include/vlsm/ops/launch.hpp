// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "vlsm/ops/element.hpp"
#include "vlsm/ops/parallel.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef VLSM_KERNELS
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

// What the operators that read whole tensors from end to end (film, add_norm) have in common.
namespace vlsm::ops::detail {

/// Whether the kernels take x and, where they are defined, the others: one type, one device, at
/// least one number. Any shape.
inline bool takes(at::Tensor const& x, std::initializer_list<at::Tensor> others) {
  return kernels_reach(x) && x.numel() > 0 &&
         std::all_of(others.begin(), others.end(),
                     [&](at::Tensor const& other) { return same_kind(x, other); });
}

/// Whether autograd records, and one of these tensors of any shape requires a gradient.
inline bool wants_gradient(std::initializer_list<at::Tensor> tensors) {
  return at::GradMode::is_enabled() &&
         std::any_of(tensors.begin(), tensors.end(),
                     [](at::Tensor const& x) { return x.defined() && x.requires_grad(); });
}

/// x of any shape, contiguous; undefined where x is.
inline at::Tensor contiguous(at::Tensor const& x) { return x.defined() ? x.contiguous() : x; }

/// Asks the system to back new memory, a tensor of any shape, by huge pages: it gives them only on
/// request. Without them a result of 20 MB that is written once costs 5000 page faults, which take
/// as long as the computation.
inline void prefer_huge_pages([[maybe_unused]] at::Tensor const& fresh) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t huge = 2 << 20;
  auto const begin = reinterpret_cast<std::uintptr_t>(fresh.mutable_data_ptr());
  std::uintptr_t const first = (begin + huge - 1) / huge * huge;
  std::uintptr_t const last = (begin + fresh.nbytes()) / huge * huge;
  // A wish: where the system declines it, nothing changes.
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

/// Memory for a result of x's shape (any shape) and of this type, that is written once, from end to
/// end.
inline at::Tensor fresh_like(at::Tensor const& x, at::ScalarType type) {
  at::Tensor const fresh = at::empty(x.sizes(), x.options().dtype(type));
  if (x.is_cpu()) prefer_huge_pages(fresh);
  return fresh;
}
/// The same of x's type.
inline at::Tensor fresh_like(at::Tensor const& x) { return fresh_like(x, x.scalar_type()); }

/// `count` floats of this thread to work in, until it asks again. They are kept, since new memory
/// costs a page fault for every 4 KB, which takes a small map longer than its convolution.
inline float* thread_scratch(std::int64_t count) {
  thread_local at::Tensor kept;
  if (!kept.defined() || kept.numel() < count) {
    kept = at::Tensor();
    kept = at::empty({count}, at::TensorOptions(at::kFloat));
    prefer_huge_pages(kept);
  }
  return kept.mutable_data_ptr<float>();
}

/// The memory of a tensor of any shape; null where it is undefined.
inline void* data_or_null(at::Tensor const& x) {
  return x.defined() ? x.mutable_data_ptr() : nullptr;
}

/// Tasks of `each` elements that are worth a thread's start.
constexpr std::int64_t grain_for(std::int64_t each) {
  return std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, each));
}

/// Threads that so many multiplications are worth: a thread's start costs as much as some hundred
/// thousand.
inline std::int64_t threads_for(std::int64_t multiplications) {
  return std::clamp<std::int64_t>(multiplications / (1 << 20), 1, parallel_threads());
}

/// Calls `start(stream)` with PyTorch's stream on the GPU of `where`, a tensor of any shape; only
/// where kernels_reach(where).
template <class Start>
void on_gpu_of([[maybe_unused]] at::Tensor const& where, [[maybe_unused]] Start const& start) {
#ifdef VLSM_KERNELS
  c10::cuda::CUDAGuard const device(where.device());
  start(static_cast<void*>(c10::cuda::getCurrentCUDAStream().stream()));
#endif
}

/// Starts the kernel that these arguments are for, likewise; `where` has any shape.
template <class Arguments>
void launch_on_gpu(at::Tensor const& where, Arguments const& arguments) {
  on_gpu_of(where, [&](void* stream) { launch(arguments, stream); });
}

}  // namespace vlsm::ops::detail
