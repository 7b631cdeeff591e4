// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/features.hpp"

namespace vlsm {

/// Sentences as one batch, padded as the text tower wants it (its `pad_to`).
inline Tokens tokenize(std::vector<std::string> const& prompts, Encode const& encode,
                       PadTo const& pad_to) {
  std::vector<std::vector<std::int64_t>> rows;
  auto longest = static_cast<std::size_t>(pad_to.length);
  for (std::string const& prompt : prompts) {
    rows.push_back(encode(prompt));
    longest = std::max(longest, rows.back().size());
  }
  at::Tensor ids = at::empty(
      {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(longest)}, at::kLong);
  auto* out = ids.mutable_data_ptr<std::int64_t>();
  for (auto const& row : rows)
    for (std::size_t i = 0; i < longest; ++i) *out++ = i < row.size() ? row[i] : pad_to.id;
  return {ids};
}

/// Some examples, stacked.
struct Batch {
  std::vector<std::string> names;
  std::vector<std::string> prompts;
  at::Tensor image;  ///< [B, 3, S, S]
  at::Tensor mask;   ///< [B, 1, S, S]

  Batch to(at::Device device) && {
    image = image.to(device);
    mask = mask.to(device);
    return std::move(*this);
  }
};

/// The examples at these indices, stacked: images [B, 3, S, S], masks [B, 1, S, S].
inline Batch collate(Dataset const& examples, std::span<std::size_t const> indices,
                     Random& random) {
  Batch batch;
  std::vector<at::Tensor> images, masks;
  for (std::size_t index : indices) {
    Example example = examples.at(index, random);
    batch.names.push_back(std::move(example.name));
    batch.prompts.push_back(std::move(example.prompt));
    images.push_back(example.image);
    masks.push_back(example.mask);
  }
  batch.image = at::stack(images);
  batch.mask = at::stack(masks);
  return batch;
}

namespace detail {

/// Throws Error for batches of nothing.
inline void check_batch(std::size_t batch, char const* where, Dataset const& examples) {
  if (batch == 0) throw Error("a batch holds no examples", where, "set it to 1 or more");
  if (examples.size() == 0)
    throw Error("the set holds no examples", where, "give examples to train and evaluate with");
}

}  // namespace detail

}  // namespace vlsm
