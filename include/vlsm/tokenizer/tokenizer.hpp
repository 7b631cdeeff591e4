// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/vocabulary/special_tokens.hpp"

namespace vlsm::tokenizer {

/// The prompt length of CLIP's text towers.
inline constexpr std::size_t clip_length = 77;

/// What makes ids of a text: start token, text, end token, cut to a length with the end token kept.
/// A const tokenizer may be used from several threads at once.
template <class T>
concept Tokenizer = requires(T const& tokenizer, std::string_view text, std::size_t length) {
  { tokenizer.encode(text, length) } -> std::same_as<Ids>;
  { tokenizer.encode(text) } -> std::same_as<Ids>;
  { tokenizer.vocabulary_size() } -> std::convertible_to<std::int64_t>;
  { tokenizer.start() } -> std::convertible_to<std::int64_t>;
  { tokenizer.end() } -> std::convertible_to<std::int64_t>;
};

/// Throws vlsm::Error unless the start and the end token fit into `length`.
inline void check_length(std::size_t length) {
  if (length < 2)
    throw Error("a prompt length of " + std::to_string(length) +
                    " has no room for the start and end tokens",
                "tokenizer", "ask for 2 or more");
}

/// Puts start and end token around the ids of a text and cuts the row to `length` (at least 2), end
/// token kept.
inline Ids framed(std::int64_t start, Ids const& body, std::int64_t end, std::size_t length) {
  check_length(length);
  std::size_t const kept = std::min(body.size(), length - 2);
  Ids row;
  row.reserve(kept + 2);
  row.push_back(start);
  row.insert(row.end(), body.begin(), body.begin() + static_cast<std::ptrdiff_t>(kept));
  row.push_back(end);
  return row;
}

/// The rows of a batch, each filled with `pad_id` to `length`. medvlsm and transformers pad CLIP
/// with the end token, openai/CLIP and open_clip with 0, BERT with 0.
///
/// @returns as many rows as `batch` has, each of `length` ids
/// @throws vlsm::Error if a row is longer than `length`
inline std::vector<Ids> pad(std::vector<Ids> batch, std::size_t length, std::int64_t pad_id) {
  for (Ids& row : batch) {
    if (row.size() > length)
      throw Error("a prompt of " + std::to_string(row.size()) + " ids does not fit into " +
                      std::to_string(length),
                  "tokenizer", "encode with the same length that you pad to");
    row.resize(length, pad_id);
  }
  return batch;
}

/// Any tokenizer behind one type, for programs that choose one when they run. Copies share the
/// tokenizer.
class AnyTokenizer {
 public:
  template <Tokenizer T>
  requires(!std::same_as<T, AnyTokenizer>) AnyTokenizer(T tokenizer)
      : held_(std::make_shared<Holds<T> const>(std::move(tokenizer))) {}

  /// The ids of a prompt (UTF-8), at most `length`; see the tokenizer that it holds for errors.
  Ids encode(std::string_view text, std::size_t length) const {
    return held_->encode(text, length);
  }
  /// The same at the tokenizer's own length (CLIP 77, BERT 256).
  Ids encode(std::string_view text) const { return held_->encode(text); }
  std::int64_t vocabulary_size() const { return held_->vocabulary_size(); }
  std::int64_t start() const { return held_->start(); }
  std::int64_t end() const { return held_->end(); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual Ids encode(std::string_view text, std::size_t length) const = 0;
    virtual Ids encode(std::string_view text) const = 0;
    virtual std::int64_t vocabulary_size() const = 0;
    virtual std::int64_t start() const = 0;
    virtual std::int64_t end() const = 0;
  };
  template <class T>
  struct Holds final : Interface {
    explicit Holds(T tokenizer) : tokenizer(std::move(tokenizer)) {}
    Ids encode(std::string_view text, std::size_t length) const override {
      return tokenizer.encode(text, length);
    }
    Ids encode(std::string_view text) const override { return tokenizer.encode(text); }
    std::int64_t vocabulary_size() const override { return tokenizer.vocabulary_size(); }
    std::int64_t start() const override { return tokenizer.start(); }
    std::int64_t end() const override { return tokenizer.end(); }
    T tokenizer;
  };
  std::shared_ptr<Interface const> held_;
};

static_assert(Tokenizer<AnyTokenizer>);

}  // namespace vlsm::tokenizer
