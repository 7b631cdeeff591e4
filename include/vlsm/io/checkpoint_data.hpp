// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "vlsm/io/array.hpp"

namespace vlsm::io {

/// The tensors of a checkpoint, whatever its format was.
struct Checkpoint {
  std::string format;  ///< "safetensors", "torch zip", "torchscript" or "legacy pickle"
  std::vector<NamedArray> tensors;
  std::vector<std::string> notes;  ///< what was left out, one line each
};

}  // namespace vlsm::io
