// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vlsm/tokenizer/tokenizer.hpp"

namespace vlsm::tokenizer {

/// A tokenizer without files, for demonstrations and tests: every byte is its own id (0 to 255),
/// 256 starts a prompt and 257 ends it. It takes any bytes; a long prompt may be cut inside a
/// character.
class ByteTokenizer {
 public:
  /// The ids of the bytes of `text` between start and end token, at most `length` of them. Throws
  /// Error for a length below 2.
  Ids encode(std::string_view text, std::size_t length = clip_length) const {
    check_length(length);
    Ids body;
    for (char c : text.substr(0, length - 2)) body.push_back(static_cast<unsigned char>(c));
    return framed(start(), body, end(), length);
  }
  std::int64_t vocabulary_size() const { return 258; }
  std::int64_t start() const { return 256; }
  std::int64_t end() const { return 257; }
};

static_assert(Tokenizer<ByteTokenizer>);

}  // namespace vlsm::tokenizer
