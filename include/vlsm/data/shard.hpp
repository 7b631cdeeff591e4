// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace vlsm {

/// How the examples of an epoch are divided.
struct ShardOptions {
  std::size_t batch = 1;  ///< examples a step, of all processes together
  std::size_t pass = 1;   ///< most examples at a time in one process
  std::size_t rank = 0, processes = 1;
  /// Each example always comes to the same process, so that what it keeps of it is kept once; the
  /// shards of a batch then differ in size. Else they differ by 1 at most.
  bool by_example = false;
  /// A process without an example in a pass gets one that does not count, so that every process has
  /// the same number of passes.
  bool stand_ins = false;
};

/// What one of several processes sees of an epoch. Of each pass the processes' shards make up what
/// one process would see.
struct Shard {
  std::vector<std::size_t> positions;  ///< in the epoch's order
  std::vector<std::size_t> ends;       ///< of passes, in `positions`: a Loader's BatchEnds
  std::vector<bool> counts;            ///< of passes; false: one example that stands in
  std::vector<std::size_t> passes;     ///< in `ends`, until the end of each step

  /// Passes before step `step`.
  std::size_t passes_before(std::size_t step) const { return step == 0 ? 0 : passes[step - 1]; }
  /// What `order` has at these positions.
  std::vector<std::size_t> of(std::vector<std::size_t> const& order) const {
    std::vector<std::size_t> picked;
    for (std::size_t position : positions) picked.push_back(order[position]);
    return picked;
  }
};

/// The shard of process `rank`. `order` has an example for each position of the epoch and is the
/// same in all processes; batch, pass and processes are 1 or more.
inline Shard shard_of(std::vector<std::size_t> const& order, ShardOptions how) {
  for (std::size_t* const count : {&how.batch, &how.pass})
    *count = std::min(*count, order.size());  // so that no sum of them overflows
  auto const owner = [&](std::size_t position) { return order[position] % how.processes; };
  std::size_t own = order.size();  // a position that is this process's in any case
  for (std::size_t p = 0; how.by_example && p < order.size() && own == order.size(); ++p)
    if (owner(p) == how.rank) own = p;

  Shard shard;
  auto const add_pass = [&](std::size_t first, std::size_t last) {
    std::vector<std::vector<std::size_t>> of(how.processes);
    for (std::size_t p = first; p < last; ++p)
      of[how.by_example ? owner(p) : (p - first) * how.processes / (last - first)].push_back(p);
    std::size_t most = 0;
    for (auto const& one : of) most = std::max(most, one.size());
    std::size_t const cuts = (most + how.pass - 1) / how.pass;
    auto const& mine = of[how.rank];
    for (std::size_t cut = 0; cut < cuts; ++cut) {
      auto const begin = std::min(mine.size(), cut * how.pass),
                 end = std::min(mine.size(), begin + how.pass);
      shard.positions.insert(shard.positions.end(), mine.begin() + begin, mine.begin() + end);
      if (begin == end && !how.stand_ins) continue;
      if (begin == end) shard.positions.push_back(own < order.size() ? own : first);
      shard.ends.push_back(shard.positions.size());
      shard.counts.push_back(begin < end);
    }
  };
  for (std::size_t first = 0; first < order.size(); first += how.batch) {
    std::size_t const last = std::min(order.size(), first + how.batch),
                      together = how.pass * how.processes;
    for (std::size_t at = first; at < last; at += together)
      add_pass(at, std::min(last, at + together));
    shard.passes.push_back(shard.ends.size());
  }
  return shard;
}

}  // namespace vlsm
