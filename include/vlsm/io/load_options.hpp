// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vlsm::io {

/// What a load did, for people who want to know.
struct LoadReport {
  std::string format;  ///< "safetensors", "torch zip", …
  std::string scheme;  ///< "native", "hf_clipseg", …
  std::size_t loaded = 0;
  std::size_t dropped = 0;  ///< known tensors that this architecture has no use for
  std::size_t fresh = 0;    ///< parameters that this source never holds, left as they were
};

struct LoadOptions {
  /// The slots that are read; what the file holds of others is dropped.
  std::vector<std::string> slots{"vision", "text", "fusion", "decoder", "head"};
  /// Whether parameters that the source never holds (the decoder, in CLIP's own files; adapters, in
  /// any file of a model without them) stay as they are, for a fine-tuning that starts from it.
  bool partial = false;
};

}  // namespace vlsm::io
