// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "emulation/block.hpp"
#include "vlsm/kernels/common/blocks.hpp"

namespace vlsm::emulation {

inline void check_launch(dim3 grid, dim3 block, std::size_t shared_bytes) {
  unsigned const threads = block.x * block.y * block.z;
  auto const limit = static_cast<std::size_t>(kernels::shared_limit(options.capability));
  if (threads == 0 || threads > 1024)
    throw Error("a block of " + std::to_string(threads) + " threads", "launch", "take 1 to 1024");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535)
    throw Error("a grid that no card takes", "launch", "take 1 to 65535 blocks in y and z");
  if (shared_bytes > limit)
    throw Error(std::to_string(shared_bytes) + " bytes of shared memory", "launch",
                "take at most " + std::to_string(limit));
}

/// Runs the kernel here and now. The order of blocks and threads follows from options.seed.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 shape, std::size_t shared_bytes, void* /*stream*/,
            A const&... arguments) {
  check_launch(grid, shape, shared_bytes);
  Block block(
      shape, shared_bytes, [&] { kernel(arguments...); }, options.seed);
  std::vector<unsigned> order(grid.x * grid.y * grid.z);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), std::minstd_rand(options.seed));
  blockDim = shape;
  gridDim = grid;
  for (unsigned const i : order) {
    blockIdx = dim3(i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y);
    block.run();
  }
}

}  // namespace vlsm::emulation
