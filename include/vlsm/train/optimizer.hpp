// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/nn/module.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>

#include <vector>

#include "vlsm/nn/conv.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// While one lives, a model's float32 weights are bfloat16, rounded once, and whatever follows from
/// them is, too: no product rounds its operands anew. The float32 values, the masters (Micikevicius
/// et al. 2018), are kept and come back at the end. Batch norms stay float32: their running
/// statistics move by less than bfloat16 resolves.
class RoundedWeights {
 public:
  explicit RoundedWeights(torch::nn::Module& model) {
    for (auto const& part : model.modules(/*include_self=*/false)) {
      if (dynamic_cast<BatchNorm const*>(part.get())) continue;
      for (at::Tensor const& parameter : part->parameters(/*recurse=*/false))
        if (parameter.scalar_type() == at::kFloat) add(parameter);
    }
    for (at::Tensor const& parameter : model.parameters(/*recurse=*/false))
      if (parameter.scalar_type() == at::kFloat) add(parameter);
  }
  ~RoundedWeights() { use_masters(); }
  RoundedWeights(RoundedWeights const&) = delete;
  RoundedWeights& operator=(RoundedWeights const&) = delete;

  /// For an optimizer's step: the parameters are float32 again, and so are their gradients.
  void use_masters() {
    for (Weight& weight : weights_) {
      weight.parameter.set_data(weight.master);
      if (at::Tensor& grad = weight.parameter.mutable_grad(); grad.defined())
        grad = grad.to(at::kFloat);
    }
  }
  /// After it: rounds those that moved.
  void round() {
    at::NoGradGuard const no_grad;
    for (Weight& weight : weights_) {
      if (weight.parameter.requires_grad()) weight.rounded.copy_(weight.master);
      weight.parameter.set_data(weight.rounded);
    }
  }

 private:
  struct Weight {
    at::Tensor parameter, master, rounded;
  };

  void add(at::Tensor const& parameter) {
    // A parameter that two modules share is met twice; the second time it is bfloat16.
    at::Tensor const master = parameter.variable_data();  // the same memory, no history
    weights_.push_back({parameter, master, master.to(at::kBFloat16)});
    weights_.back().parameter.set_data(weights_.back().rounded);
  }

  std::vector<Weight> weights_;
};

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
