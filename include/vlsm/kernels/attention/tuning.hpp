// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "vlsm/kernels/attention/launch.hpp"
#include "vlsm/kernels/common/blocks.hpp"

namespace vlsm::kernels {

/// Numbers that suit a GPU; none of them changes a result but the order of the sums of grad_k and
/// grad_v (by `blocks`).
struct AttentionTuning {
  int warps;         ///< a block of the kernels whose warps own queries
  int shared_bytes;  ///< what one block may take
  int tile_bytes;  ///< where the keys do not fit at once: two blocks a multiprocessor, and 1 KB of
                   ///< CUDA's for each
  int blocks;      ///< that occupy the GPU: twice its multiprocessors
  int multiprocessors;
};

/// The numbers for a GPU of this compute capability (90 means 9.0) and so many multiprocessors.
constexpr AttentionTuning attention_tuning(int capability, int multiprocessors) {
  int const all = shared_limit(capability);
  return {.warps = 4,
          .shared_bytes = all,
          .tile_bytes = (all - 1024) / 2,
          .blocks = 2 * multiprocessors,
          .multiprocessors = multiprocessors};
}

/// Keys (or queries) that a warp holds in registers at a time, by the registers that the sums of a
/// row of `width` leave. 80 holds the 77 tokens of CLIP: then nothing is ever rescaled.
constexpr int forward_chunk(Arithmetic arithmetic, int width) {
  if (arithmetic == Arithmetic::f32) return 32;
  return width <= 64 ? 80 : width == 80 ? 64 : 32;
}
/// The same in the backward passes, for any type of numbers.
constexpr int backward_chunk(int width) { return width <= 80 ? 32 : 16; }

/// Bytes of one number in memory.
constexpr int element_bytes(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::f32 || arithmetic == Arithmetic::tf32 ? 4 : 2;
}

/// The smallest multiple of `step` that is not below `value`.
VLSM_HOST_DEVICE constexpr int round_up(int value, int step) {
  return (value + step - 1) / step * step;
}
/// How many steps cover `value`: the quotient, rounded up.
constexpr int divide_up(int value, int step) { return (value + step - 1) / step; }

/// 16 bytes more than a row: then neither ldmatrix nor the loads of fragments meet a bank twice.
constexpr int row_bytes(AttentionShape const& shape) {
  return element_bytes(shape.arithmetic) * shape.width + 16;
}

/// How the kernels whose warps own queries go through the keys.
struct QueryPlan {
  int warps;
  int tile;    ///< keys in shared memory at a time, a multiple of 16
  int groups;  ///< of queries that a block takes, one after another, for the same keys
  int shared_bytes;
};

/// `held` matrices of the queries stand in shared memory; a warp has `rows` of each.
constexpr QueryPlan query_plan(AttentionShape const& shape, int held, int rows,
                               AttentionTuning const& tuning) {
  QueryPlan plan{};
  plan.warps = tuning.warps;
  int const bytes = row_bytes(shape), own = held * plan.warps * rows * bytes;
  plan.tile = round_up(shape.keys, 16);
  // Small enough for two blocks or not: all keys at once need no barrier between the tiles.
  if (own + 2 * plan.tile * bytes > tuning.shared_bytes) {
    int const room = std::max(tuning.tile_bytes, own + 64 * bytes) - own;
    plan.tile = room / (2 * bytes) / 16 * 16;
  }
  plan.shared_bytes = own + 2 * plan.tile * bytes;
  // The keys are loaded once a block, which takes about as long as a group does: so many groups for
  // each block that all of them together take the fewest turns.
  int const by_registers = shape.arithmetic == Arithmetic::f32 ? 2 : 3;
  int const side_by_side =
      tuning.multiprocessors *
      std::clamp(tuning.shared_bytes / (plan.shared_bytes + 1024), 1, by_registers);
  int const all = divide_up(shape.queries, plan.warps * rows);
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (int groups = 1; groups <= std::clamp(all, 1, 32); ++groups) {
    std::int64_t const blocks = std::int64_t{divide_up(all, groups)} * shape.batch * shape.heads;
    std::int64_t const turns = (blocks + side_by_side - 1) / side_by_side * (1 + groups);
    if (turns >= fewest) continue;
    fewest = turns;
    plan.groups = groups;
  }
  return plan;
}

/// How the kernel whose warps own keys goes through the queries.
struct KeyPlan {
  int warps;
  int tile;    ///< queries in shared memory at a time (twice: the next ones are on their way)
  int splits;  ///< of the queries; each leaves its own sums
  int queries_a_split;
  int shared_bytes;
};

/// A warp owns `rows` keys. The queries are split where the keys alone make too few blocks for the
/// GPU.
constexpr KeyPlan key_plan(AttentionShape const& shape, int rows, AttentionTuning const& tuning) {
  KeyPlan plan{};
  plan.warps = std::clamp(divide_up(shape.keys, rows), 1, 8);
  int const bytes = row_bytes(shape);
  plan.tile = backward_chunk(shape.width);
  auto const shared = [&](int warps) {
    return 2 * warps * rows * bytes + 4 * plan.tile * bytes + 4 * plan.tile * 4;
  };
  while (shared(plan.warps) > tuning.shared_bytes) --plan.warps;
  plan.shared_bytes = shared(plan.warps);
  int const tiles = std::max(divide_up(shape.queries, plan.tile), 1);
  int const others =
      std::max(shape.batch * shape.heads * divide_up(shape.keys, plan.warps * rows), 1);
  // One block a multiprocessor: each split costs a write and a read of its sums.
  plan.queries_a_split =
      plan.tile * divide_up(tiles, std::clamp(tuning.blocks / 2 / others, 1, tiles));
  plan.splits = std::max(divide_up(shape.queries, plan.queries_a_split), 1);
  return plan;
}

/// The most keys of the backward that is one kernel: eight warps own 16 each.
inline constexpr int fused_keys = 128;

/// How the backward that is one kernel goes through the queries, where it takes the shape.
struct FusedPlan {
  int warps;   ///< of 16 keys each
  int tile;    ///< queries in shared memory at a time
  int stages;  ///< 2: the next tile is on its way while one is used
  int splits;  ///< of the queries; each leaves its own sums
  int queries_a_split;
  int shared_bytes;  ///< 0: another plan must be taken
};

/// The largest tiles of which two blocks fit on a multiprocessor, or else one. `f32` is left to the
/// kernels that multiply exactly, and so are shapes without keys.
constexpr FusedPlan fused_plan(AttentionShape const& shape, AttentionTuning const& tuning) {
  FusedPlan plan{};
  if (shape.arithmetic == Arithmetic::f32 || shape.keys > fused_keys || shape.keys == 0)
    return plan;
  plan.warps = divide_up(shape.keys, 16);
  int const bytes = row_bytes(shape), element = element_bytes(shape.arithmetic);
  auto const shared = [&](int tile, int stages) {
    return 2 * plan.warps * 16 * bytes + 3 * stages * tile * bytes +
           plan.warps * 16 * (tile + 8) * element + 4 * (stages + 1) * tile;
  };
  for (int room : {tuning.tile_bytes, tuning.shared_bytes})
    for (int tile : {32, 16})
      for (int stages : {2, 1})
        if (plan.shared_bytes == 0 && shared(tile, stages) <= room) {
          plan.tile = tile;
          plan.stages = stages;
          plan.shared_bytes = shared(tile, stages);
        }
  if (plan.shared_bytes == 0) return plan;
  int const tiles = std::max(divide_up(shape.queries, plan.tile), 1);
  // Ten warps a multiprocessor, in two blocks or more of few warps; each split costs a write and a
  // read of its sums.
  int const wanted = tuning.blocks * divide_up(5, plan.warps);
  int const heads = std::max(shape.batch * shape.heads, 1);
  plan.queries_a_split = plan.tile * divide_up(tiles, std::clamp(wanted / heads, 1, tiles));
  plan.splits = std::max(divide_up(shape.queries, plan.queries_a_split), 1);
  return plan;
}

}  // namespace vlsm::kernels
