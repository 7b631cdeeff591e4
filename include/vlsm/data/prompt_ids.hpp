// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vlsm/data/dataset.hpp"

namespace vlsm {

/// The ids of prompts, each of which is tokenized once; any thread may ask.
class PromptIds {
 public:
  explicit PromptIds(Encode encode) : encode_(std::move(encode)) {}

  /// Those of `prompt`, start and end token included. Throws what the tokenizer throws.
  std::vector<std::int64_t> const& operator()(std::string const& prompt) {
    std::lock_guard const lock(mutex_);
    auto found = ids_.find(prompt);
    if (found == ids_.end()) found = ids_.emplace(prompt, encode_(prompt)).first;
    return found->second;  // stays where it is when others are added
  }

 private:
  Encode encode_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<std::int64_t>> ids_;
};

}  // namespace vlsm
