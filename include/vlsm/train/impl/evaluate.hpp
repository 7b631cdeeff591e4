// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/data/loader.hpp"
#include "vlsm/data/shard.hpp"
#include "vlsm/distributed/process_group.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/metrics/hausdorff.hpp"
#include "vlsm/metrics/overlap.hpp"
#include "vlsm/train/check_options.hpp"
#include "vlsm/train/epoch_order.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/logits_of.hpp"
#include "vlsm/train/loss.hpp"
#include "vlsm/train/optimizer.hpp"

namespace vlsm {

namespace detail {

/// While one lives, a model evaluates. Afterwards each of its parts does again what it did before,
/// but for one that holds a part that was prepared: that evaluates on.
class Evaluating {
 public:
  explicit Evaluating(torch::nn::Module& module)
      : module_(module), was_training_(module.is_training()) {
    for (auto const& part : module.modules(/*include_self=*/false))
      parts_.emplace_back(part, part->is_training());
    module.eval();
  }
  ~Evaluating() {
    put_back(module_, was_training_);
    for (auto const& [part, trained] : parts_) put_back(*part, trained);  // from above to below
  }
  Evaluating(Evaluating const&) = delete;
  Evaluating& operator=(Evaluating const&) = delete;

 private:
  static void put_back(torch::nn::Module& module, bool trained) {
    if (module.is_training() != trained) module.train(trained && !is_partly_prepared(module));
  }

  torch::nn::Module& module_;
  bool was_training_;
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> parts_;
};

/// [1, 1, H, W] bool of a mask's object.
inline at::Tensor object_of(Mask const& mask) { return to_tensor(mask).ge(0.5).unsqueeze(0); }

/// Scores a prediction at its picture's size.
inline Measures measures_of(Mask const& found, Mask const& wanted, bool hausdorff) {
  at::Tensor const p = object_of(found), t = object_of(wanted);
  Measures measures{dice_score(p, t).item<double>(), iou_score(p, t).item<double>()};
  if (hausdorff) measures.hd95 = hausdorff_distance(found, wanted);
  return measures;
}

/// Adds the scores of a batch, whose logits these are.
inline void score_batch(Batch const& batch, at::Tensor const& logits, Dataset const& examples,
                        Recipe const& recipe, EvaluateOptions const& options, Evaluation& result) {
  float const threshold = options.threshold.value_or(recipe.threshold);
  // In float32: bf16 would round probabilities next to the threshold onto it.
  at::Tensor const predicted = (at::sigmoid(logits.to(at::kFloat)) > threshold).cpu(),
                   target = (batch.mask >= 0.5).cpu();
  at::Tensor const dice = dice_score(predicted, target), iou = iou_score(predicted, target);
  bool const at_picture = options.at == ScoreAt::picture || options.picture_too;
  at::Tensor const seen =
      options.on_example || at_picture ? logits.to(at::kCPU, at::kFloat) : at::Tensor();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto const row = static_cast<std::int64_t>(i);
    std::size_t const index = batch.indices[i];
    if (options.on_example) options.on_example(index, seen[row][0]);
    Measures model{dice[row][0].item<double>(), iou[row][0].item<double>()}, picture;
    if (options.hausdorff && options.at == ScoreAt::model)
      model.hd95 = hausdorff_distance(to_mask(predicted[row][0]), to_mask(target[row][0]));
    if (at_picture) {
      Mask const wanted = examples.mask(index);
      Mask const found = restore_mask(at::sigmoid(seen[row][0]), threshold, wanted.shape(0),
                                      wanted.shape(1), recipe);
      picture = measures_of(found, wanted, options.hausdorff);
    }
    Score score{options.at == ScoreAt::picture ? picture : model, batch.names[i], batch.prompts[i],
                picture};
    result.scores.push_back(std::move(score));
  }
}

/// The scores of all processes, each of which has those at its shard's `positions`, in order; none
/// where one of them did not come to its end.
inline void gather_scores(ProcessGroup const& group, std::vector<std::size_t> const& positions,
                          std::size_t count, std::vector<Score>& scores) {
  if (group.size() == 1) return;
  if (group.any(scores.size() < positions.size())) return scores.clear();
  auto const for_each_number = [](Score& score, double* number, auto const& act) {
    for (Measures* const at : {static_cast<Measures*>(&score), &score.picture})
      for (NamedMeasure const& measure : named_measures) act(at->*measure.value, *number++);
  };
  constexpr std::size_t each = 2 * named_measures.size();
  std::vector<double> values(count * each, 0);  // to each of which one process adds
  std::vector<Score> all(count);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    std::size_t const at = positions[i];
    all[at] = std::move(scores[i]);
    for_each_number(all[at], &values[at * each], [](double& mine, double& sent) { sent = mine; });
  }
  values = group.all_reduce(values);
  for (std::size_t i = 0; i < count; ++i)
    for_each_number(all[i], &values[i * each], [](double& mine, double& sent) { mine = sent; });
  scores = std::move(all);
}

// `evaluate`, with what a training knows already.
VLSM_INLINE Evaluation evaluate_with(AnySegmenter& model, FrozenTowers const& towers,
                                     Dataset const& examples, PromptIds& ids,
                                     EvaluateOptions const& options, ProcessGroup const& group) {
  at::NoGradGuard const no_grad;
  torch::nn::Module& module = model.module();
  std::vector<at::Tensor> const parameters = module.parameters();
  at::Device const device = parameters.empty() ? at::Device(at::kCPU) : parameters[0].device();
  Evaluating const evaluating(module);
  std::optional<RoundedWeights> rounded;
  if (options.precision == Precision::int8 && !is_prepared(module))
    throw Error("int8 is for models that are prepared for inference", "evaluate",
                "call prepare(model, {.precision = Precision::int8}) first");
  if (options.precision == Precision::bf16 && !is_prepared(module)) rounded.emplace(module);
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0);
  auto const processes = static_cast<std::size_t>(group.size());
  std::size_t const batch_size = std::min(options.batch, order.size());
  Shard const shard = shard_of(order, {.batch = batch_size * processes,
                                       .pass = batch_size,
                                       .rank = static_cast<std::size_t>(group.rank()),
                                       .processes = processes});
  Loader loader(examples, ids, shard.of(order), shard.ends,
                {.seed = options.seed,
                 .positions = shard.positions,
                 .workers = options.workers,
                 .pinned = device.is_cuda(),
                 .hash_pixels = towers.keeps_pictures()});
  Evaluation result;
  double loss = 0, counted = 0;
  while (std::optional<Batch> loaded = loader.next()) {
    auto const count = static_cast<double>(counted_pictures(loaded->mask, options));
    Batch const batch = std::move(*loaded).to(device);
    at::Tensor const logits = logits_of(model, towers, batch, options.precision);
    check_logits(logits, "pictures " + first_names(batch.names));
    loss += chosen_loss(logits, batch.mask, options).template item<double>() * count;
    counted += count;
    score_batch(batch, logits, examples, model.info.recipe, options, result);
    if (options.progress) options.progress(result.scores.size(), order.size());
    if (options.stop && options.stop()) break;
  }
  gather_scores(group, shard.positions, order.size(), result.scores);
  auto const sums = group.all_reduce({loss, counted});
  result.loss = sums[1] > 0 ? sums[0] / sums[1] : 0;
  return result;
}

}  // namespace detail

VLSM_INLINE Evaluation evaluate(AnySegmenter& model, Dataset const& examples, Encode const& encode,
                                EvaluateOptions const& options) {
  detail::check_batch(options.batch, "EvaluateOptions.batch", examples, "the set to evaluate");
  detail::check_threshold(options.threshold, "EvaluateOptions.threshold");
  detail::Evaluating const evaluating(model.module());
  FrozenTowers const towers(model, options.precision, options.features);
  PromptIds ids(encode);
  return detail::evaluate_with(model, towers, examples, ids, options, ProcessGroup());
}

}  // namespace vlsm
