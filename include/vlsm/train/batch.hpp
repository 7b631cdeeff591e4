// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/dataset.hpp"
#include "vlsm/nn/autocast.hpp"
#include "vlsm/segmenter/features.hpp"
#include "vlsm/train/options.hpp"

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

/// Logits [B, 1, S, S] of a batch that lies on the model's device, in `precision`. A sentence that
/// several examples share is read once.
template <class Segmenter>
at::Tensor logits_of(Segmenter const& model, Batch const& batch, Encode const& encode,
                     Precision precision = Precision::fp32) {
  std::optional<Autocast> autocast;
  at::Tensor image = batch.image;
  if (precision == Precision::bf16) {
    autocast.emplace(batch.image.device().type());
    image = image.to(at::kBFloat16);
  }
  std::map<std::string, std::int64_t> position;
  std::vector<std::string> distinct;
  std::vector<std::int64_t> which;
  for (std::string const& prompt : batch.prompts) {
    auto const [entry, fresh] =
        position.emplace(prompt, static_cast<std::int64_t>(distinct.size()));
    if (fresh) distinct.push_back(prompt);
    which.push_back(entry->second);
  }
  at::Device const device = batch.image.device();
  using Text = std::decay_t<decltype(*model.text)>;
  TextFeatures said =
      model.text->forward({tokenize(distinct, encode, Text::pad_to).ids.to(device)});
  at::Tensor const rows = at::tensor(which).to(device);
  for (at::Tensor* part : {&said.sentence, &said.words, &said.padding})
    if (part->defined()) *part = part->index_select(0, rows);
  return model.segment(model.vision->forward(image), said);
}

}  // namespace vlsm
