// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"

// How a text decoder becomes an answer: token by token, or by weighing answers that are given.
namespace vlsm {

/// The ids that frame an answer.
struct AnswerFrame {
  std::int64_t start = 0;  ///< stands before an answer
  std::int64_t end = 0;    ///< ends it
  std::int64_t pad = 0;    ///< fills the rows of a batch that ended earlier
};

/// Greedy decoding: appends the likeliest token until each row has its end or has grown by `most`
/// tokens.
///
/// @param batch   how many rows
/// @param logits  int64 ids [B, T] -> logits [B, T, V]
/// @returns int64 [B, 1 + T], the start token first, T <= `most`; behind a row's end stands padding
/// @throws Error where `most` is below 1
template <class Logits>
at::Tensor decode_greedily(std::int64_t batch, AnswerFrame frame, int most, Logits const& logits,
                           at::TensorOptions const& options) {
  if (most < 1)
    throw Error("an answer of " + std::to_string(most) + " tokens is asked for", "max_new_tokens",
                "ask for 1 or more");
  at::Tensor ids = at::full({batch, 1}, frame.start, options.dtype(at::kLong));
  at::Tensor ended = at::zeros({batch}, options.dtype(at::kBool));
  for (int step = 0; step < most; ++step) {
    at::Tensor const next =
        logits(ids).select(1, -1).argmax(-1).masked_fill(ended, frame.pad);  // [B]
    ids = at::cat({ids, next.unsqueeze(1)}, 1);
    ended = ended | (next == frame.end);
    if (ended.all().template item<bool>()) break;
  }
  return ids;
}

/// Rows of ids as a batch, int64 [B, longest]: each between the frame's start and end (where asked
/// for), then padding.
inline at::Tensor framed_rows(std::vector<std::vector<std::int64_t>> const& rows, AnswerFrame frame,
                              bool with_start, bool with_end) {
  std::size_t longest = 0;
  for (auto const& row : rows) longest = std::max(longest, row.size());
  std::size_t const length = longest + with_start + with_end;
  std::vector<std::int64_t> flat;
  for (auto const& row : rows) {
    if (with_start) flat.push_back(frame.start);
    flat.insert(flat.end(), row.begin(), row.end());
    if (with_end) flat.push_back(frame.end);
    flat.insert(flat.end(), longest - row.size(), frame.pad);
  }
  return at::tensor(flat, at::kLong)
      .view({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(length)});
}

/// How likely each of `answers` (token ids without frame) is: the sum of the log-probabilities of
/// its tokens and of the end behind them, each given the tokens before it. Longer answers have more
/// terms, so of answers that are equally likely token by token the shorter one wins; the
/// probabilities of all answers that there could be add up to 1.
///
/// @param logits  int64 ids [n, T] -> logits [n, T, V] of a causal decoder: what stands behind an
///                answer's end cannot change it
/// @returns float [n], one for each answer
/// @throws Error where there are no answers, or one is empty
template <class Logits>
at::Tensor score_answers(std::vector<std::vector<std::int64_t>> const& answers, AnswerFrame frame,
                         Logits const& logits, at::TensorOptions const& options) {
  bool const empty = std::ranges::any_of(answers, [](auto const& row) { return row.empty(); });
  if (answers.empty() || empty)
    throw Error(answers.empty() ? "there is no answer to choose from" : "an answer has no token",
                "restricted decoding", "give words that the tokenizer knows");
  // Bounds the memory: 64 rows of logits over 30,524 ids take 8 MB for each token of the answers.
  constexpr std::size_t at_once = 64;
  std::vector<at::Tensor> scores;
  for (std::size_t begin = 0; begin < answers.size(); begin += at_once) {
    std::vector<std::vector<std::int64_t>> const some(
        answers.begin() + static_cast<std::ptrdiff_t>(begin),
        answers.begin() + static_cast<std::ptrdiff_t>(std::min(begin + at_once, answers.size())));
    std::vector<std::int64_t> lengths;
    for (auto const& row : some) lengths.push_back(static_cast<std::int64_t>(row.size()) + 1);
    auto const rows = [&](bool with_start, bool with_end) {
      return framed_rows(some, frame, with_start, with_end).to(options.device());
    };
    at::Tensor const said = rows(true, false), next = rows(false, true);  // [n, T] each
    at::Tensor const each =
        logits(said).to(at::kFloat).log_softmax(-1).gather(2, next.unsqueeze(2)).squeeze(2);
    at::Tensor const counts = at::arange(next.size(1), next.options()).unsqueeze(0) <
                              at::tensor(lengths, at::kLong).to(options.device()).unsqueeze(1);
    scores.push_back(each.masked_fill(counts.logical_not(), 0).sum(1));
  }
  return at::cat(scores);
}

}  // namespace vlsm
