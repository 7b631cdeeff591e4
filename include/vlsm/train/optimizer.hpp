// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>

#include <vector>

#include "vlsm/train/freeze.hpp"
#include "vlsm/train/options.hpp"
#include "vlsm/train/rounded_weights.hpp"

namespace vlsm {

/// One optimizer over the trainable parameters of a model, and the step it takes after a loss.
class Optimizer {
 public:
  Optimizer(torch::nn::Module const& model, OptimizerOptions options)
      : clip_(options.clip),
        parameters_(trainable(model)),
        adamw_(
            parameters_,
            torch::optim::AdamWOptions(options.learning_rate).weight_decay(options.weight_decay)) {}

  /// Backpropagates `loss`, clips, moves the parameters. Returns the gradient's norm before
  /// clipping. `rounded`: the weights that the loss was computed with, where they are.
  double step(at::Tensor const& loss, RoundedWeights* rounded = nullptr) {
    adamw_.zero_grad();
    loss.backward();
    if (rounded) rounded->use_masters();
    double const norm = torch::nn::utils::clip_grad_norm_(parameters_, clip_ > 0 ? clip_ : 1e30);
    adamw_.step();
    if (rounded) rounded->round();
    at::autocast::clear_cache();  // an Autocast around the training keeps copies of the old weights
    return norm;
  }

  double learning_rate() const { return options().lr(); }
  void set_learning_rate(double rate) { options().lr(rate); }

  torch::optim::AdamW& adamw() { return adamw_; }
  std::vector<at::Tensor> const& parameters() const { return parameters_; }

 private:
  torch::optim::AdamWOptions& options() const {
    auto& groups = const_cast<torch::optim::AdamW&>(adamw_).param_groups();
    return static_cast<torch::optim::AdamWOptions&>(groups[0].options());
  }

  double clip_;
  std::vector<at::Tensor> parameters_;
  torch::optim::AdamW adamw_;
};

}  // namespace vlsm
