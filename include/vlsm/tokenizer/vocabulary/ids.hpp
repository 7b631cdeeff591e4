// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

namespace vlsm::tokenizer {

/// The ids of one prompt.
using Ids = std::vector<std::int64_t>;

}  // namespace vlsm::tokenizer
