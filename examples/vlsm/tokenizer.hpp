// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vlsm/tokenizer/tokenizer.hpp"

namespace tool {

/// What --tokenizer may be.
std::vector<std::string> tokenizer_names();

/// Whether a folder holds a vocabulary that this tokenizer reads.
bool has_vocabulary(std::filesystem::path const& folder, std::string const& name);

/// The forms of a vocabulary that this tokenizer reads, for messages.
std::string vocabulary_forms(std::string const& name);

/// The tokenizer of that name with the vocabulary at `path`. Throws vlsm::Error.
vlsm::tokenizer::AnyTokenizer open_tokenizer(std::filesystem::path const& path,
                                             std::string const& name);

}  // namespace tool
