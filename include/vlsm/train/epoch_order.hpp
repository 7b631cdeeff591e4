// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "vlsm/data/dataset.hpp"

namespace vlsm {

/// The order in which epoch `epoch` of a training shows its `count` examples.
inline std::vector<std::size_t> epoch_order(std::uint64_t seed, int epoch, std::size_t count) {
  Random random = example_random(seed, static_cast<std::uint64_t>(epoch), count);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, random);
  return order;
}

/// What LibTorch is seeded with before step `step` of an epoch, for dropout: a resumed run draws
/// what an unbroken one would have, and each process (`rank`) other numbers.
inline std::uint64_t step_seed(std::uint64_t seed, int epoch, std::size_t count, std::size_t step,
                               int rank) {
  Random random = example_random(seed, static_cast<std::uint64_t>(epoch), count + 1 + step);
  random.discard(static_cast<unsigned long long>(rank));
  return random();
}

/// "a.png, b.png, c.png and 5 more"
inline std::string first_names(std::vector<std::string> const& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
    text += (i ? ", " : "") + names[i];
  return names.size() > 3 ? text + " and " + std::to_string(names.size() - 3) + " more" : text;
}

}  // namespace vlsm
