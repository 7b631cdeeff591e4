// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/file/gzip.hpp"
#include "vlsm/tokenizer/bpe/vocabulary_formats.hpp"
#include "vlsm/tokenizer/vocabulary/file.hpp"

namespace vlsm::tokenizer {

/// The file beside `path` whose name has `to` in place of the ending `from` ("clip_vocab.json" and
/// "clip_merges.txt"), if there is one.
inline std::optional<std::filesystem::path> sibling(std::filesystem::path const& path,
                                                    std::string_view from, std::string_view to) {
  std::string const name = path.filename().string();
  if (!name.ends_with(from)) return std::nullopt;
  std::filesystem::path other =
      path.parent_path() / (name.substr(0, name.size() - from.size()) + std::string(to));
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(other, ignored)) return std::nullopt;
  return other;
}

/// A vocabulary from vocab.json and the merges.txt that belongs to it. Throws Error where one of
/// them cannot be read or is damaged.
inline Vocabulary load_vocabulary_pair(std::filesystem::path const& vocab,
                                       std::filesystem::path const& merges) {
  return vocabulary_from_pair(read_vocabulary_file(vocab), read_vocabulary_file(merges),
                              vocab.string(), merges.string());
}

namespace detail {

inline bool starts_object(std::string_view text) {
  std::size_t const first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

}  // namespace detail

/// A vocabulary from the bytes of a file that needs no other: gzip, tokenizer.json, or a list of
/// merges; `where` names it in messages. Throws Error for damaged files, and for a vocab.json,
/// which needs its merges.
inline Vocabulary vocabulary_from_bytes(std::string_view bytes, std::string const& where) {
  if (bytes.starts_with("\x1f\x8b")) {
    std::optional<std::string> unpacked = io::gunzip(bytes, largest_vocabulary_file);
    if (!unpacked)
      throw Error("the gzip file is damaged, cut off, or unpacks to more than 64 MiB", where,
                  "fetch bpe_simple_vocab_16e6.txt.gz again");
    return vocabulary_from_openai(*unpacked, where);
  }
  if (detail::starts_object(bytes)) {
    nlohmann::json const tree = parse_json(bytes, where, fetch_json);
    if (!tree.contains("model"))
      throw Error("a vocab.json needs its merges.txt, which is not beside it", where,
                  "put merges.txt into the same folder, or give a tokenizer.json");
    return vocabulary_from_tokenizer_json(tree, where);
  }
  if (bytes.substr(0, bytes.find('\n')).find("#version") != std::string_view::npos)
    return vocabulary_from_openai(bytes, where);
  throw Error("this is no CLIP vocabulary", where,
              "give tokenizer.json, vocab.json (with merges.txt beside it) or "
              "bpe_simple_vocab_16e6.txt.gz");
}

/// A vocabulary from one file, which its content tells: gzip, JSON, or a list of merges.
inline Vocabulary load_vocabulary_file(std::filesystem::path const& path) {
  std::string const bytes = read_vocabulary_file(path);
  bool const packed = bytes.starts_with("\x1f\x8b"), object = detail::starts_object(bytes);
  if (object)
    if (auto const merges = sibling(path, "vocab.json", "merges.txt"))
      return load_vocabulary_pair(path, *merges);
  if (!object && !packed)
    if (auto const vocab = sibling(path, "merges.txt", "vocab.json"))
      return load_vocabulary_pair(*vocab, path);
  return vocabulary_from_bytes(bytes, path.string());
}

/// What `find_clip_vocabulary` looks for, for messages.
inline constexpr std::string_view clip_vocabulary_forms =
    "vocab.json with merges.txt, tokenizer.json, bpe_simple_vocab_16e6.txt.gz or "
    "bpe_simple_vocab_16e6.txt";

/// The file of a CLIP vocabulary in a folder, if there is one in any form that is read.
inline std::optional<std::filesystem::path> find_clip_vocabulary(
    std::filesystem::path const& folder) {
  std::error_code ignored;
  auto const has = [&](char const* name) {
    return std::filesystem::is_regular_file(folder / name, ignored);
  };
  if (has("vocab.json") && has("merges.txt")) return folder / "vocab.json";
  for (char const* name :
       {"tokenizer.json", "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"})
    if (has(name)) return folder / name;
  return std::nullopt;
}

/// A CLIP vocabulary from whatever `path` is: a folder that holds one (`find_clip_vocabulary`), or
/// one of these files under any name.
///
/// @throws vlsm::Error in one line, which says what was looked for if nothing fits
inline Vocabulary load_vocabulary(std::filesystem::path const& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    throw Error("there is no such file or folder", path.string(),
                "give a CLIP vocabulary: " + std::string(clip_vocabulary_forms));
  if (!std::filesystem::is_directory(path, ignored)) return load_vocabulary_file(path);
  if (auto const found = find_clip_vocabulary(path))
    return found->filename() == "vocab.json" ? load_vocabulary_pair(*found, path / "merges.txt")
                                             : load_vocabulary_file(*found);
  io::check_readable(path);
  throw Error("the folder holds no CLIP vocabulary", path.string(),
              "looked for " + std::string(clip_vocabulary_forms));
}

}  // namespace vlsm::tokenizer
