// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>

#include "vlsm/nn/autocast.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/train/batch.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// Logits [B, 1, S, S] of a batch that lies on the model's device, in `precision`. A sentence that
/// several examples share is read once.
inline at::Tensor logits_of(AnySegmenter const& model, Batch const& batch, Encode const& encode,
                            Precision precision) {
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
  TextFeatures said =
      model.encode_text({tokenize(distinct, encode, model.info.pad_to).ids.to(device)});
  at::Tensor const rows = at::tensor(which).to(device);
  for (at::Tensor* part : {&said.sentence, &said.words, &said.padding})
    if (part->defined()) *part = part->index_select(0, rows);
  return model.segment(model.encode_image(image), said);
}

}  // namespace vlsm
