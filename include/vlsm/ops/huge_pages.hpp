// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#ifdef __linux__
#include <sys/mman.h>

#include <cstdint>
#endif

namespace vlsm::ops {

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

}  // namespace vlsm::ops
