// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/content_hash.hpp"

namespace vlsm {

/// Some examples, stacked.
struct Batch {
  std::vector<std::size_t> indices;  ///< in their data set
  std::vector<std::string> names;
  std::vector<std::string> prompts;
  std::vector<std::vector<std::int64_t>> ids;  ///< of the prompts
  std::vector<ContentHash> pixels;             ///< of each picture as it is here; empty: not asked
  at::Tensor image;                            ///< [B, 3, S, S]
  at::Tensor mask;                             ///< [B, 1, S, S]

  std::size_t size() const { return names.size(); }

  /// The same on a device; from pinned memory the copy runs beside what follows.
  Batch to(at::Device device) && {
    image = image.to(device, /*non_blocking=*/true);
    mask = mask.to(device, /*non_blocking=*/true);
    return std::move(*this);
  }
};

}  // namespace vlsm
