// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// Prompts' ids as one batch, padded as the text tower wants it (its `pad_to`).
inline Tokens pad_ids(std::vector<std::vector<std::int64_t>> const& rows, PadTo const& pad_to) {
  auto longest = static_cast<std::size_t>(pad_to.length);
  for (auto const& row : rows) longest = std::max(longest, row.size());
  at::Tensor ids = at::empty(
      {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(longest)}, at::kLong);
  auto* out = ids.mutable_data_ptr<std::int64_t>();
  for (auto const& row : rows)
    for (std::size_t i = 0; i < longest; ++i) *out++ = i < row.size() ? row[i] : pad_to.id;
  return {ids};
}

/// Sentences as one batch, likewise.
inline Tokens tokenize(std::vector<std::string> const& prompts, Encode const& encode,
                       PadTo const& pad_to) {
  std::vector<std::vector<std::int64_t>> rows;
  for (std::string const& prompt : prompts) rows.push_back(encode(prompt));
  return pad_ids(rows, pad_to);
}

namespace detail {

/// Throws Error for batches of nothing, and for a set of nothing, which an error calls `set`.
inline void check_batch(std::size_t batch, char const* where, Dataset const& examples,
                        char const* set) {
  if (batch == 0) throw Error("a batch holds no examples", where, "set it to 1 or more");
  if (examples.size() == 0)
    throw Error("the set holds no examples", set, "give examples to train and evaluate with");
}

}  // namespace detail

}  // namespace vlsm
