// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/nn/module.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>

#include <cmath>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/nn/batch_norm.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// While one lives, a model's float32 weights are bfloat16, rounded once, and whatever follows from
/// them is, too: no product rounds its operands anew. The float32 values, the masters (Micikevicius
/// et al. 2018), are kept and come back at the end. Batch norms stay float32: their running
/// statistics move by less than bfloat16 resolves.
class RoundedWeights {
 public:
  // By way of another constructor, so that the destructor runs, and the masters are back, where
  // this one throws.
  explicit RoundedWeights(torch::nn::Module& model) : RoundedWeights() {
    for (auto const& part : model.modules(/*include_self=*/false)) {
      if (is_batch_norm(*part)) continue;
      for (at::Tensor const& parameter : part->parameters(/*recurse=*/false))
        if (parameter.scalar_type() == at::kFloat) add(parameter);
    }
    for (at::Tensor const& parameter : model.parameters(/*recurse=*/false))
      if (parameter.scalar_type() == at::kFloat) add(parameter);
  }
  ~RoundedWeights() { use_masters(); }
  RoundedWeights(RoundedWeights const&) = delete;
  RoundedWeights& operator=(RoundedWeights const&) = delete;

  /// After a backward pass: its gradients are added up in float32. In bfloat16 those of many passes
  /// would lose what the smaller ones say.
  void gather() {
    at::NoGradGuard const no_grad;
    for (Weight& weight : weights_) {
      at::Tensor& grad = weight.parameter.mutable_grad();
      if (!grad.defined()) continue;
      if (weight.sum.defined())
        weight.sum.add_(grad);
      else
        weight.sum = grad.to(at::kFloat);
      grad.reset();
    }
  }
  /// For an optimizer's step: the parameters are float32 again, and so are their gradients.
  void use_masters() {
    gather();
    for (Weight& weight : weights_) {
      weight.parameter.set_data(weight.master);
      weight.parameter.mutable_grad() = std::exchange(weight.sum, {});
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
    at::Tensor parameter, master, rounded, sum;
  };

  RoundedWeights() = default;

  void add(at::Tensor const& parameter) {
    // A parameter that two modules share is met twice; the second time it is bfloat16.
    at::Tensor const master = parameter.variable_data();  // the same memory, no history
    weights_.push_back({parameter, master, master.to(at::kBFloat16), {}});
    weights_.back().parameter.set_data(weights_.back().rounded);
  }

  std::vector<Weight> weights_;
};

/// One optimizer over the trainable parameters of a model, and the steps it takes, each after one
/// loss or several.
class Optimizer {
 public:
  Optimizer(torch::nn::Module const& model, OptimizerOptions options)
      : clip_(options.clip),
        parameters_(trainable(model)),
        adamw_(
            parameters_,
            torch::optim::AdamWOptions(options.learning_rate).weight_decay(options.weight_decay)) {}

  /// Backpropagates `weight` times the scalar `loss`; the gradients of several calls are added up
  /// until `step`. `rounded`: the weights that the loss was computed with, where they are. Throws
  /// Error for a loss that depends on no parameter that trains.
  void backward(at::Tensor const& loss, double weight = 1, RoundedWeights* rounded = nullptr) {
    if (!loss.requires_grad())
      throw Error("the loss depends on no parameter that trains", "the optimizer's step",
                  "compute it from the logits, and leave a slot that makes them unfrozen");
    if (std::exchange(moved_, false)) adamw_.zero_grad();
    (weight == 1 ? loss : loss * weight).backward();
    if (rounded) rounded->gather();
  }

  /// Divides what was added up by `weights` (0: all of it is 0 anyway), clips, moves the
  /// parameters. Returns the gradient's norm before clipping; where it is not finite nothing moves.
  double step(double weights = 1, RoundedWeights* rounded = nullptr) {
    moved_ = true;
    if (rounded) rounded->use_masters();
    if (weights != 0 && weights != 1)
      for (at::Tensor const& parameter : parameters_)
        if (parameter.grad().defined()) parameter.grad().div_(weights);
    double const norm = torch::nn::utils::clip_grad_norm_(parameters_, clip_ > 0 ? clip_ : 1e30);
    if (std::isfinite(norm)) update();
    if (rounded) rounded->round();
    at::autocast::clear_cache();  // an Autocast around the training keeps copies of the old weights
    return norm;
  }

  /// Both for a batch in one pass.
  double backward_and_step(at::Tensor const& loss, RoundedWeights* rounded = nullptr) {
    backward(loss, 1, rounded);
    return step(1, rounded);
  }

  double learning_rate() const { return options().lr(); }
  void set_learning_rate(double rate) { options().lr(rate); }

  torch::optim::AdamW& adamw() { return adamw_; }
  std::vector<at::Tensor> const& parameters() const { return parameters_; }

 private:
  // AdamW's step. On a CPU by LibTorch's kernel that reads and writes each value once, which
  // torch::optim::AdamW does not call: its moments are what it calls them, at the same places.
  void update() {
    std::vector<at::Tensor> moved, grads, means, squares, steps;
    for (at::Tensor const& parameter : parameters_) {
      at::Tensor const& grad = parameter.grad();
      if (!grad.defined()) continue;
      // The kernel takes values in the order in which they lie in memory.
      if (!parameter.is_cpu() || !lie_alike(parameter, grad)) {
        adamw_.step();
        return;
      }
      moved.push_back(parameter);
      grads.push_back(grad);
    }
    at::NoGradGuard const no_grad;
    for (at::Tensor const& parameter : moved) {
      auto& place = adamw_.state()[parameter.unsafeGetTensorImpl()];
      if (!place) {
        auto fresh = std::make_unique<torch::optim::AdamWParamState>();
        fresh->exp_avg(at::zeros_like(parameter));
        fresh->exp_avg_sq(at::zeros_like(parameter));
        place = std::move(fresh);
      }
      auto& state = static_cast<torch::optim::AdamWParamState&>(*place);
      state.step(state.step() + 1);
      means.push_back(state.exp_avg());
      squares.push_back(state.exp_avg_sq());
      steps.push_back(at::scalar_tensor(state.step(), at::kFloat));
    }
    auto const& how = options();
    at::_fused_adamw_(moved, grads, means, squares, /*max_exp_avg_sqs=*/{}, steps, how.lr(),
                      std::get<0>(how.betas()), std::get<1>(how.betas()), how.weight_decay(),
                      how.eps(), /*amsgrad=*/false, /*maximize=*/false);
  }

  static bool lie_alike(at::Tensor const& a, at::Tensor const& b) {
    if (b.layout() != at::kStrided || !a.is_non_overlapping_and_dense()) return false;
    for (std::int64_t i = 0; i < a.dim(); ++i)
      if (a.size(i) > 1 && a.stride(i) != b.stride(i)) return false;
    return true;
  }

  torch::optim::AdamWOptions& options() const {
    auto& groups = const_cast<torch::optim::AdamW&>(adamw_).param_groups();
    return static_cast<torch::optim::AdamWOptions&>(groups[0].options());
  }

  double clip_;
  bool moved_ = true;  // since the last loss was added
  std::vector<at::Tensor> parameters_;
  torch::optim::AdamW adamw_;
};

}  // namespace vlsm
