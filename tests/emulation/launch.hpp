// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <tuple>
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
    throw Error("a grid that no GPU takes", "launch", "take 1 to 65535 blocks in y and z");
  if (shared_bytes > limit)
    throw Error(std::to_string(shared_bytes) + " bytes of shared memory", "launch",
                "take at most " + std::to_string(limit));
}

/// Launches that were recorded as a CUDA graph records a stream's: with their arguments as they
/// were then, and nothing run.
struct Graph {
  std::vector<std::function<void()>> launches;

  void replay() const {
    for (auto const& launch : launches) launch();
  }
};

/// Where launches go while they are recorded; null: they run.
inline constinit thread_local Graph* recording = nullptr;

/// What `start` launches. No kernel has run when it returns: a launch that reads back what one
/// computes finds what was there before.
template <class Start>
Graph capture(Start const& start) {
  Graph graph;
  recording = &graph;
  start();
  recording = nullptr;
  return graph;
}

/// Runs the kernel here and now, or records it. The order of blocks and threads follows from
/// options.seed.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 shape, std::size_t shared_bytes, void* /*stream*/,
            A const&... arguments) {
  check_launch(grid, shape, shared_bytes);
  // As its parameters are, so that an array is the pointer that it becomes.
  auto const run = [=, values = std::tuple<P...>(arguments...)] {
    Block block(
        shape, shared_bytes, [&] { std::apply(kernel, values); }, options.seed);
    std::vector<unsigned> order(grid.x * grid.y * grid.z);
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), std::minstd_rand(options.seed));
    blockDim = shape;
    gridDim = grid;
    for (unsigned const i : order) {
      blockIdx = dim3(i % grid.x, i / grid.x % grid.y, i / grid.x / grid.y);
      block.run();
    }
  };
  if (recording != nullptr)
    recording->launches.emplace_back(run);
  else
    run();
}

}  // namespace vlsm::emulation
