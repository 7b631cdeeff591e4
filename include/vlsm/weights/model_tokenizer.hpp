// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/registry.hpp"

namespace vlsm::io {

/// Where a model's vocabulary is looked for.
struct VocabularyFrom {
  std::string tokenizer{};             ///< empty: the model's
  std::filesystem::path vocabulary{};  ///< a folder or file; empty: beside the weights
  std::string weights{};               ///< a file or folder, or "random"
  bool tell_each = false;              ///< of every prompt that is too long, not of the first
};

/// The tokenizer of a registered model: none for one that reads no prompt, bytes for one that knows
/// as many ids as there are bytes, else the one whose vocabulary is found. `told` hears, once or
/// each time, of a prompt that is longer than the model reads. Throws Error where there is no
/// vocabulary, where it has more ids than the model knows, and where one is given for bytes.
Encode open_encode(RegisteredModel const& model, VocabularyFrom const& from,
                   std::function<void(std::string const&)> told = {});

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/weights/impl/model_tokenizer.hpp"
#endif
