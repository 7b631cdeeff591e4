// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>

#include "vlsm/base/compiled.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/metrics/hausdorff.hpp"
#include "vlsm/metrics/overlap.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/logits_of.hpp"
#include "vlsm/train/loss.hpp"
#include "vlsm/train/optimizer.hpp"

namespace vlsm {

namespace detail {

/// [1, 1, H, W] bool of a mask's object.
inline at::Tensor object_of(Mask const& mask) { return to_tensor(mask).ge(0.5).unsqueeze(0); }

/// Scores a prediction at its picture's size.
inline void score_picture(Score& score, Mask const& found, Mask const& wanted, bool hausdorff) {
  at::Tensor const p = object_of(found), t = object_of(wanted);
  score.dice = dice_score(p, t).item<double>();
  score.iou = iou_score(p, t).item<double>();
  if (hausdorff) score.hd95 = hausdorff_distance(found, wanted);
}

}  // namespace detail

VLSM_INLINE Evaluation evaluate(AnySegmenter& model, Dataset const& examples, Encode const& encode,
                                EvaluateOptions const& options) {
  detail::check_batch(options.batch, "EvaluateOptions.batch", examples);
  at::NoGradGuard const no_grad;
  torch::nn::Module& module = model.module();
  bool const was_training = module.is_training();
  at::Device const device = module.parameters().front().device();
  module.eval();
  std::optional<RoundedWeights> rounded;
  if (options.precision == Precision::bf16) rounded.emplace(module);
  Evaluation result;
  Random random(static_cast<Random::result_type>(options.seed));
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t first = 0; first < order.size(); first += options.batch) {
    std::span const indices(order.data() + first, std::min(options.batch, order.size() - first));
    Batch const batch = collate(examples, indices, random).to(device);
    at::Tensor const logits = logits_of(model, batch, encode, options.precision);
    at::Tensor const predicted = at::sigmoid(logits) > options.threshold,
                     target = batch.mask >= 0.5;
    at::Tensor const dice = dice_score(predicted, target), iou = iou_score(predicted, target);
    result.loss += chosen_loss(logits, batch.mask, options).item<double>() *
                   static_cast<double>(indices.size());
    at::Tensor const seen = options.on_example || options.at == ScoreAt::picture
                                ? logits.to(at::kCPU, at::kFloat)
                                : at::Tensor();
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (options.on_example) options.on_example(indices[i], seen[static_cast<std::int64_t>(i)][0]);
      auto const row = static_cast<std::int64_t>(i);
      Score score{.name = batch.names[i],
                  .prompt = batch.prompts[i],
                  .dice = dice[row][0].item<double>(),
                  .iou = iou[row][0].item<double>()};
      if (options.at == ScoreAt::picture) {
        Mask const wanted = examples.mask(indices[i]);
        Mask const found = restore_mask(at::sigmoid(seen[row][0]), options.threshold,
                                        wanted.shape(0), wanted.shape(1), model.info.recipe);
        detail::score_picture(score, found, wanted, options.hausdorff);
      } else if (options.hausdorff) {
        score.hd95 = hausdorff_distance(to_mask(predicted[row][0].to(at::kCPU)),
                                        to_mask(target[row][0].to(at::kCPU)));
      }
      result.scores.push_back(std::move(score));
    }
    if (options.progress) options.progress(result.scores.size(), order.size());
  }
  result.loss /= static_cast<double>(order.size());
  module.train(was_training);
  return result;
}

}  // namespace vlsm
