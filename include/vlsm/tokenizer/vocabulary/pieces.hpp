// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"

// What every vocabulary is made of: pieces with ids.
namespace vlsm::tokenizer {

/// Lets a table of strings be searched with a string_view.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
using PieceIds = std::unordered_map<std::string, std::int32_t, StringHash, std::equal_to<>>;

/// A piece for an error message: quoted, short, and only if it is readable.
inline std::string in_quotes(std::string_view piece) {
  if (piece.size() > 40 || !try_decode(piece)) return "a piece that is not readable text";
  return '"' + std::string(piece) + '"';
}

/// An id of a vocabulary file as a number that fits; throws vlsm::Error for anything else.
inline std::int32_t checked_id(std::int64_t id, std::string_view piece, std::string const& where) {
  // No embedding has so many rows; the bound keeps what follows within 32 bits.
  constexpr std::int64_t most = 1 << 24;
  if (id < 0 || id >= most)
    throw Error("id " + std::to_string(id) + " of " + in_quotes(piece) + " is not between 0 and " +
                    std::to_string(most),
                where, "the file is damaged or no vocabulary; fetch it again");
  return static_cast<std::int32_t>(id);
}

}  // namespace vlsm::tokenizer
