// SPDX-License-Identifier: MIT
#include "tokenizer.hpp"

#include "vlsm/tokenizer/factory.hpp"

namespace tool {

std::vector<std::string> tokenizer_names() {
  std::vector<std::string> names;
  for (auto const& known : vlsm::tokenizer::named_tokenizers) names.emplace_back(known.name);
  return names;
}

vlsm::tokenizer::AnyTokenizer open_tokenizer(std::filesystem::path const& path,
                                             std::string const& name) {
  return vlsm::tokenizer::open_tokenizer(path, name);
}

}  // namespace tool
