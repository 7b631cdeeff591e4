// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/run_log.hpp"

namespace tool {

/// The first pictures of a set: those that TensorBoard shows.
struct Shown : vlsm::Dataset {
  Shown(vlsm::FolderDataset const& whole, std::size_t most)
      : all(whole), count(std::min(most, whole.size())) {}
  std::size_t size() const override { return count; }
  vlsm::Example at(std::size_t index, vlsm::Random& random) const override {
    return all.at(index, random);
  }
  vlsm::FolderDataset const& all;
  std::size_t count;
};

/// Adds what the model finds in the first pictures of the validation set.
inline void draw_found(vlsm::RunLog& log, vlsm::Epoch const& epoch, vlsm::AnySegmenter& model,
                       vlsm::FolderDataset const& val, vlsm::Encode const& encode,
                       vlsm::FitOptions const& how) {
  constexpr std::size_t shown = 4;
  vlsm::EvaluateOptions options{.threshold = how.threshold,
                                .precision = how.precision,
                                .features = how.features,
                                .seed = how.seed,
                                .workers = how.workers};
  options.on_example = [&](std::size_t index, at::Tensor const& logits) {
    vlsm::Image const image = vlsm::read_image(val.image_path(index));
    vlsm::Mask const mask = vlsm::restore_mask(at::sigmoid(logits), how.threshold, image.shape(0),
                                               image.shape(1), model.info.recipe);
    log.add_picture("val/" + std::to_string(index + 1), epoch.epoch, vlsm::overlay(image, mask));
  };
  vlsm::evaluate(model, Shown(val, shown), encode, options);
}

}  // namespace tool
