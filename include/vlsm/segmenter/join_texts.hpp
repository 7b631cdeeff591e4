// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// The features of several sentences, each of any batch [B, …], as one batch in their order.
/// Sentences of fewer words than the longest are padded by zeros, marked as padding: readers of
/// words see none of it. Throws Error where there are no sentences.
inline TextFeatures join_texts(std::vector<TextFeatures> const& texts) {
  if (texts.empty()) throw Error("there are no sentences to join", "join_texts", "give one");
  std::vector<at::Tensor> sentences, words, padding;
  std::int64_t longest = 0;
  bool even = true, marked = false;
  for (TextFeatures const& text : texts)
    if (text.words.defined()) {
      even &= longest == 0 || longest == text.words.size(1);
      longest = std::max(longest, text.words.size(1));
      marked |= text.padding.defined();
    }
  for (TextFeatures const& text : texts) {
    if (text.sentence.defined()) sentences.push_back(text.sentence);
    if (!text.words.defined()) continue;
    std::int64_t const rest = longest - text.words.size(1);
    words.push_back(at::constant_pad_nd(text.words, {0, 0, 0, rest}));
    if (even && !marked) continue;
    at::Tensor const own = text.padding.defined()
                               ? text.padding
                               : at::zeros({text.words.size(0), text.words.size(1)},
                                           text.words.options().dtype(at::kBool));
    padding.push_back(at::constant_pad_nd(own, {0, rest}, true));
  }
  TextFeatures joined;
  if (!sentences.empty()) joined.sentence = at::cat(sentences);
  if (!words.empty()) joined.words = at::cat(words);
  if (!padding.empty()) joined.padding = at::cat(padding);
  return joined;
}

}  // namespace vlsm
