// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "vlsm/data/mask_value.hpp"

namespace vlsm {

/// How a data set's masks are read.
struct DatasetOptions {
  std::optional<MaskChoice> mask{};  ///< which value is the object; unset: told from the masks
  bool allow_empty = false;          ///< a split whose masks hold no object at all is meant
};

}  // namespace vlsm
