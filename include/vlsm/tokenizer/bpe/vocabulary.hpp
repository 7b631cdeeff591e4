// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/bpe/bpe.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"
#include "vlsm/tokenizer/vocabulary/pieces.hpp"

namespace vlsm::tokenizer {

/// What a CLIP vocabulary file says, ready for use.
struct Vocabulary {
  Bpe bpe;
  std::int64_t size = 0;   ///< ids are 0 to size - 1
  std::int64_t start = 0;  ///< <|startoftext|>
  std::int64_t end = 0;    ///< <|endoftext|>
};

/// The characters that stand for the 256 bytes in a vocabulary file, in the order of their ids,
/// which is GPT-2's: the printable ones of Latin-1 for themselves, then U+0100 and on for the
/// others.
struct ByteAlphabet {
  std::array<unsigned char, 256> byte{};  ///< the byte with this id
  std::array<std::string, 256> spelled;   ///< its character as UTF-8

  static ByteAlphabet const& get() {
    static ByteAlphabet const alphabet;
    return alphabet;
  }

 private:
  ByteAlphabet() {
    auto const printable = [](unsigned b) {
      return (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
    };
    std::size_t id = 0;
    for (unsigned b = 0; b < 256; ++b) {
      if (!printable(b)) continue;
      byte[id] = static_cast<unsigned char>(b);
      append_utf8(spelled[id++], b);
    }
    for (unsigned b = 0, next = 256; b < 256; ++b) {
      if (printable(b)) continue;
      byte[id] = static_cast<unsigned char>(b);
      append_utf8(spelled[id++], next++);
    }
  }
};

/// The mark of a piece that ends a word.
inline constexpr std::string_view end_of_word = "</w>";

/// One merge as a file spells it.
using SpelledMerge = std::pair<std::string_view, std::string_view>;

/// Puts a vocabulary together from the ids of its pieces and its merges, in order.
///
/// @param ids     every piece with its id; the ids must be 0 to n - 1, each once
/// @param merges  the pairs in the order of their ranks
/// @param where   the file, for error messages
/// Throws vlsm::Error if an id is missing or double, if one of the 512 byte pieces or a special
/// token is missing, or if a merge names or makes an unknown piece.
inline Vocabulary build_vocabulary(PieceIds const& ids, std::vector<SpelledMerge> const& merges,
                                   std::string const& where) {
  std::string const remedy = "the file is damaged or no CLIP vocabulary; fetch it again";
  std::vector<bool> seen(ids.size(), false);
  for (auto const& [piece, id] : ids) {
    auto const index = static_cast<std::size_t>(id);
    if (id < 0 || index >= ids.size())
      throw Error("id " + std::to_string(id) + " of " + in_quotes(piece) + " is outside 0 to " +
                      std::to_string(ids.size() - 1) + " (the vocabulary has " +
                      std::to_string(ids.size()) + " pieces)",
                  where, remedy);
    if (seen[index])
      throw Error("id " + std::to_string(id) + " belongs to two pieces", where, remedy);
    seen[index] = true;
  }

  Vocabulary made;
  made.size = static_cast<std::int64_t>(ids.size());
  auto const id_of = [&](std::string_view piece, std::string const& role) {
    auto const found = ids.find(piece);
    if (found == ids.end())
      throw Error(role + " " + in_quotes(piece) + " is not in the vocabulary", where, remedy);
    return found->second;
  };
  ByteAlphabet const& alphabet = ByteAlphabet::get();
  for (std::size_t i = 0; i < 256; ++i) {
    made.bpe.byte[alphabet.byte[i]] = id_of(alphabet.spelled[i], "the byte piece");
    made.bpe.last_byte[alphabet.byte[i]] =
        id_of(alphabet.spelled[i] + std::string(end_of_word), "the byte piece");
  }
  // open_clip names them otherwise; a file of its own would too.
  bool const bars = ids.contains("<|startoftext|>") || !ids.contains("<start_of_text>");
  made.start = id_of(bars ? "<|startoftext|>" : "<start_of_text>", "the start token");
  made.end = id_of(bars ? "<|endoftext|>" : "<end_of_text>", "the end token");

  made.bpe.merges.reserve(merges.size());
  std::string joined;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    auto const [left, right] = merges[rank];
    joined.assign(left);
    joined += right;
    std::array<std::string_view, 3> const pieces{left, right, joined};
    std::array<std::int32_t, 3> found{};
    for (std::size_t i = 0; i < 3; ++i) {
      auto const at = ids.find(pieces[i]);
      if (at == ids.end())
        throw Error("merge number " + std::to_string(rank + 1) + " needs the unknown piece " +
                        in_quotes(pieces[i]),
                    where, remedy);
      found[i] = at->second;
    }
    made.bpe.merges.add(found[0], found[1], {static_cast<std::uint32_t>(rank), found[2]});
  }
  return made;
}

}  // namespace vlsm::tokenizer
