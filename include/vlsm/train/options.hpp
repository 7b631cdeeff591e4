// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "vlsm/data/augmentation.hpp"
#include "vlsm/nn/precision.hpp"
#include "vlsm/train/schedule.hpp"

// How to train and what is heard of it, without the price of LibTorch's headers.
namespace at {
class Tensor;
}

namespace vlsm {

class FeatureCache;
class ProcessGroup;

/// The losses by name. One of the first three is what the study means by a sigmoid and then
/// "DiceCELoss(lambda_dice 1, lambda_ce 0.2)"; which of the first two that code computes depends on
/// the version of MONAI.
enum class SegmentationLoss {
  /// Dice alone: what that code computed with MONAI 1.1.0, whose cross-entropy of one channel is 0.
  dice,
  /// What it computes today: Dice and cross-entropy after a second sigmoid.
  dice_ce_of_probabilities,
  dice_ce,     ///< Dice and binary cross-entropy of the logits
  tuned_dice,  ///< the study's for its baselines: Dice over the pictures whose mask is not empty
  dice_focal,  ///< Dice and the focal cross-entropy, MONAI's defaults
  tversky,     ///< Tversky's; false positives weigh 0.3, false negatives 0.7
};

/// A loss of one's own: logits [B, 1, H, W] and masks in [0, 1] of that shape to a scalar that
/// autograd can derive.
using Loss = std::function<at::Tensor(at::Tensor const& logits, at::Tensor const& target)>;

/// What batch norms do in a training.
enum class BatchNorms {
  learn,   ///< take the statistics of a batch, of all processes together, and move the running ones
  frozen,  ///< take the running statistics, which stay; weights and biases train all the same
};

/// AdamW (Loshchilov and Hutter 2019) with clipping of the gradient's norm; the study's settings.
struct OptimizerOptions {
  double learning_rate = 2e-3;
  double weight_decay = 1e-3;
  double clip = 0.5;  ///< largest norm of all gradients together; 0: not clipped
};

/// How the learning rate changes from epoch to epoch.
enum class Schedule {
  plateau,  ///< the study's: a tenth after more than 5 epochs without a better one
  cosine,   ///< warm-up and half a cosine over all epochs, for models that train from scratch; the
            ///< last step's rate is 0, so a training of one step moves nothing
};

/// How to train. The defaults are the study's method; its batch and learning rate of each model are
/// ModelNotes (segmenter/registry.hpp).
struct FitOptions {
  int epochs = 100;
  std::size_t batch = 32;  ///< pictures a step of the optimizer, of all processes together
  /// Pictures at a time through the model, in each process, for batches that do not fit into
  /// memory; 0: the whole batch. The gradient is that of the whole batch: `loss` is averaged over
  /// what it counts in the whole batch, `own_loss` over the pictures. Only batch norms that train
  /// see a pass alone, and dropout draws other numbers.
  std::size_t pass = 0;
  /// Threads that load ahead; 0: the caller's own; -1: half of the cores, 8 at most.
  int workers = -1;
  Augmentation augment = {};  ///< of the training's pictures, drawn anew each epoch
  OptimizerOptions optimizer = {};
  SegmentationLoss loss = SegmentationLoss::dice;
  Loss own_loss = {};  ///< where it is set, `loss` is not read
  /// Of the steps. The validation is in float32, but for frozen towers on a CPU: what they write is
  /// what the steps are given.
  Precision precision = Precision::fp32;
  BatchNorms batch_norms = BatchNorms::learn;
  /// The processes that train this model together; null: this one alone. Each of them calls fit
  /// with the same model, data and options. Each batch is divided among them, so the gradient is
  /// that of one process. Dropout draws other numbers in each. Only the first one writes to `run`,
  /// and it is that one's file from which all resume.
  ProcessGroup* group = nullptr;
  /// Keeps what frozen towers write, so that from the second epoch on they do not run; the
  /// validation uses it, too. Pictures that are augmented are seen anew. Null: both run each time.
  std::shared_ptr<FeatureCache> features = {};
  Schedule schedule = Schedule::plateau;
  Plateau plateau = {};
  EarlyStop early_stop = {};
  std::optional<float> threshold = {};  ///< of the validation, as in EvaluateOptions
  std::uint64_t seed = 0;
  /// The folder that receives best.safetensors and last.safetensors, made where there is none;
  /// empty: nothing is written.
  std::filesystem::path run = {};
  bool resume = false;       ///< go on from `run`/last.safetensors where there is one
  double save_minutes = 10;  ///< an epoch that takes longer is saved on its way, each so often
};

/// One epoch's figures.
struct Epoch {
  int epoch = 0;  ///< from 1
  double train_loss = 0;
  double val_loss = 0;
  double val_dice = 0;
  double learning_rate = 0;
  double gradient_norm = 0;  ///< mean, before clipping
  double seconds = 0;
  bool best = false;
};

/// What a caller may want to hear of. Of several processes each hears the same, and the first time
/// that one of them asks to stop all do.
struct FitHooks {
  std::function<void(int epoch, std::size_t step, std::size_t steps, double loss)> on_step = {};
  std::function<void(Epoch const&)> on_epoch = {};
  /// Asked before each step and after each pass of the validation. Once it says true, the state is
  /// saved so that a resumed run goes on there, and fit returns the epochs that are complete.
  std::function<bool()> stop = {};
  /// Hears of such a stop: in which epoch, after how many of its steps.
  std::function<void(int epoch, std::size_t step, std::size_t steps)> on_stop = {};
};

/// At which size predictions are scored.
enum class ScoreAt {
  model,    ///< the target is resized to the model's square, as the study does
  picture,  ///< the prediction is brought back to the picture's size, as a user sees it
};

/// How to score a model on a data set.
struct EvaluateOptions {
  std::size_t batch = 8;
  ScoreAt at = ScoreAt::model;
  /// A pixel is the object's where sigmoid(logit) is above; unset: the model's Recipe::threshold.
  std::optional<float> threshold = {};
  bool hausdorff = false;    ///< score the Hausdorff distance as well
  bool picture_too = false;  ///< fill Score::picture, whatever `at` is
  SegmentationLoss loss = SegmentationLoss::dice;
  Loss own_loss = {};  ///< where it is set, `loss` is not read
  Precision precision = Precision::fp32;
  /// Keeps what frozen towers (vlsm::freeze) write, so that other prompts meet pictures that were
  /// seen before. Null: they run each time.
  std::shared_ptr<FeatureCache> features = {};
  std::uint64_t seed = 0;  ///< picks among equivalent prompts
  int workers = -1;        ///< threads that load ahead; as in FitOptions
  std::function<void(std::size_t done, std::size_t all)> progress = {};
  /// Hears of each example's logits [S, S], float32 on the CPU.
  std::function<void(std::size_t index, at::Tensor const& logits)> on_example = {};
  /// Asked after each batch; true ends the evaluation with the scores so far.
  std::function<bool()> stop = {};
};

}  // namespace vlsm
