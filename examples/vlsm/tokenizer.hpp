// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vlsm/tokenizer/tokenizer.hpp"

namespace tool {

/// What --tokenizer may be.
std::vector<std::string> tokenizer_names();

/// The tokenizer of that name with the vocabulary at `path`. Throws vlsm::Error.
vlsm::tokenizer::AnyTokenizer open_tokenizer(std::filesystem::path const& path,
                                             std::string const& name);

}  // namespace tool
