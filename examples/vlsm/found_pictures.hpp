// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/data/subset.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/run_log.hpp"

namespace tool {

/// Adds what the model finds in the first pictures of the validation set.
inline void draw_found(vlsm::RunLog& log, vlsm::Epoch const& epoch, vlsm::AnySegmenter& model,
                       std::shared_ptr<vlsm::FolderDataset const> const& val,
                       vlsm::Encode const& encode, vlsm::FitOptions const& how) {
  constexpr std::size_t shown = 4;
  vlsm::EvaluateOptions options{.threshold = how.threshold,
                                .precision = how.precision,
                                .features = how.features,
                                .seed = how.seed,
                                .workers = how.workers};
  options.on_example = [&](std::size_t index, at::Tensor const& logits) {
    vlsm::Image const image = vlsm::read_image(val->image_path(index));
    vlsm::Recipe const& recipe = model.info.recipe;
    vlsm::Mask const mask =
        vlsm::restore_mask(at::sigmoid(logits), how.threshold.value_or(recipe.threshold),
                           image.shape(0), image.shape(1), recipe);
    log.add_picture("val/" + std::to_string(index + 1), epoch.epoch, vlsm::overlay(image, mask));
  };
  std::vector<std::size_t> first(std::min(shown, val->size()));
  std::iota(first.begin(), first.end(), std::size_t{0});
  vlsm::evaluate(model, vlsm::Subset(val, first), encode, options);
}

}  // namespace tool
