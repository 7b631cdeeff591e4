// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "vlsm/segmenter/registry.hpp"

namespace vlsm::study {

/// What a cell costs, before it runs.
struct Cost {
  double gflop = 0;          ///< all of it, if no early stop shortens the training
  double checkpoint_gb = 0;  ///< 10^9 bytes that stay on the disk
  double running_gb = 0;     ///< 10^9 bytes more while it trains
};

/// How many pictures a cell sees.
struct Load {
  std::size_t train = 0, val = 0;  ///< an epoch; 0: not trained
  std::size_t tested = 0;          ///< in all tests together
  int epochs = 0;
  bool frozen_towers = false;
};

/// The cost of training and testing a model: a training step is three times a forward pass in the
/// slots that train; towers that are frozen run once a picture.
inline Cost cost_of(RegisteredModel const& info, Load const& load) {
  double towers = 0, rest = 0, trained = 0;
  for (std::size_t slot = 0; slot < info.slots.size(); ++slot) {
    bool const tower = slot < 2;
    (tower ? towers : rest) += info.slots[slot].gflop;
    if (!(tower && load.frozen_towers)) trained += static_cast<double>(info.slots[slot].parameters);
  }
  auto const train = static_cast<double>(load.train), val = static_cast<double>(load.val),
             tested = static_cast<double>(load.tested);
  double const epochs = load.train ? load.epochs : 0;
  double const seen_by_towers =
      load.frozen_towers ? std::min(epochs, 1.0) * (train + val) : epochs * (3 * train + val);
  double const all = static_cast<double>(info.parameters);
  return {
      .gflop = towers * (seen_by_towers + tested) + rest * (epochs * (3 * train + val) + tested),
      .checkpoint_gb = load.train ? 4e-9 * all : 0,
      .running_gb = load.train ? 4e-9 * (all + 2 * trained) : 0};
}

}  // namespace vlsm::study
