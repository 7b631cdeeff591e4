// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

namespace vlsm::ops {

/// Calls `work(first, last)` for stretches of [0, count), `grain` or more each, in LibTorch's own
/// threads.
void parallel_for(std::int64_t count, std::int64_t grain,
                  std::function<void(std::int64_t first, std::int64_t last)> const& work);

/// How many threads `parallel_for` has: at::get_num_threads().
int parallel_threads();

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/impl/parallel.hpp"
#endif
