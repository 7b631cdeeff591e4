// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "vlsm/io/tensors/array.hpp"

namespace vlsm::io {

/// A tensor of a type that is not held here; it matters only where a model needs it.
struct UnreadTensor {
  std::string name;
  std::string type;  ///< "complex64", "quantized", "float8_e4m3fn", …
};

/// The tensors of a checkpoint, whatever its format was.
struct Checkpoint {
  std::string format{};  ///< "safetensors", "torch zip", "torchscript" or "legacy pickle"
  std::vector<NamedArray> tensors{};
  std::vector<std::string> notes{};    ///< what was left out, one line each
  std::vector<UnreadTensor> unread{};  ///< beside `tensors`
  std::string section{};  ///< the keys that lead to the tensors ("checkpoint.model"); empty: none
  std::vector<std::string> rivals{};  ///< sections that hold a model of the same kind
  std::string chosen{};               ///< "best.safetensors, not last.safetensors": of a folder
};

}  // namespace vlsm::io
