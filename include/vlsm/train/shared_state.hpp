// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/distributed/process_group.hpp"
#include "vlsm/nn/batch_norm.hpp"
#include "vlsm/ops/tensor_bytes.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/train/state.hpp"

// What a training starts from, and what its processes have in common.
namespace vlsm {

/// Moves weights on a CPU that do not begin at a multiple of 64 bytes to where LibTorch would put
/// them: those of a mapped file begin anywhere, and products of matrices (MKL's) round by where
/// their factors begin, so a run would depend on the file that it was begun or resumed from.
inline void align_weights(torch::nn::Module& model) {
  at::NoGradGuard const no_grad;
  auto const align = [](at::Tensor& tensor) {
    if (tensor.is_cpu() && reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr()) % 64 != 0)
      tensor.set_data(tensor.clone());
  };
  for (at::Tensor& parameter : model.parameters()) align(parameter);
  for (at::Tensor& buffer : model.buffers()) align(buffer);
}

/// While one lives, the batch norms of `model` that train take their statistics over the processes
/// of `group`.
class SyncedBatchNorms : public BatchSums {
 public:
  SyncedBatchNorms(torch::nn::Module& model, ProcessGroup const& group) : group_(group) {
    if (group.size() == 1) return;
    for (auto const& part : model.modules(/*include_self=*/false))
      if (auto norm = std::dynamic_pointer_cast<BatchNorm>(part)) norms_.push_back(norm);
    for (auto const& norm : norms_) norm->synchronize_by(this);
  }
  ~SyncedBatchNorms() override {
    for (auto const& norm : norms_) norm->synchronize_by(nullptr);
  }
  SyncedBatchNorms(SyncedBatchNorms const&) = delete;
  SyncedBatchNorms& operator=(SyncedBatchNorms const&) = delete;

  /// Whether the examples of the next pass are part of the batch.
  void count(bool counts) { counts_ = counts; }

  void all_reduce(at::Tensor& values) override { group_.all_reduce(values); }
  bool counts() const override { return counts_; }

 private:
  ProcessGroup const& group_;
  std::vector<std::shared_ptr<BatchNorm>> norms_;
  bool counts_ = true;
};

/// A hash of what a model's parameters and buffers hold; of those that can move, or of `all`.
inline std::string weights_hash(torch::nn::Module const& model, bool all) {
  ContentHash hash;
  for (auto const& item : model.named_parameters())
    if (all || item.value().requires_grad()) hash = tensor_hash(item.key(), item.value(), hash);
  for (auto const& item : model.named_buffers()) hash = tensor_hash(item.key(), item.value(), hash);
  return hash.text();
}

/// Throws Error where the processes' weights have come apart, by a bit: each moves its own, by the
/// same gradients.
inline void check_same_weights(torch::nn::Module const& model, ProcessGroup const& group) {
  if (group.size() == 1) return;
  std::string const hash = weights_hash(model, false);
  int const other = group.first_rank_where(hash != group.broadcast(hash));
  if (other == group.size()) return;
  if (group.is_main())
    throw Error(
        "the weights of two processes differ", "processes 0 and " + std::to_string(other),
        "start all from one program on machines of one kind, and resume from the last epoch");
  throw FailedElsewhere(0);
}

/// Gives every process the first one's weights, aligned. Where they are the same already none is
/// changed.
inline void broadcast_weights(ProcessGroup const& group, torch::nn::Module& model) {
  align_weights(model);
  if (group.size() == 1) return;
  std::string const hash = weights_hash(model, true);
  if (!group.any(hash != group.broadcast(hash))) return;
  at::NoGradGuard const no_grad;
  for (at::Tensor const& parameter : model.parameters()) group.broadcast(parameter);
  for (at::Tensor const& buffer : model.buffers()) group.broadcast(buffer);
}

/// Gives every process the first one's weights, moments and state, which it may have read from a
/// file on its own disk.
inline void broadcast_state(ProcessGroup const& group, torch::nn::Module& model,
                            Optimizer& optimizer, TrainState& state) {
  if (group.size() == 1) return;
  broadcast_weights(group, model);
  at::NoGradGuard const no_grad;
  nlohmann::json steps = nlohmann::json::object();
  for (auto const& item : model.named_parameters())
    if (auto const* moments = detail::moments_of(optimizer, item.value()))
      steps[item.key()] = moments->step();
  auto const first = nlohmann::json::parse(group.broadcast(nlohmann::json{
      {"state", detail::to_json(state, optimizer.learning_rate())},
      {"steps", steps}}.dump()));
  double rate = 0;
  detail::from_json(first.at("state"), state, rate);
  optimizer.set_learning_rate(rate);
  for (auto const& item : model.named_parameters()) {
    if (!first.at("steps").contains(item.key())) continue;
    at::Tensor const parameter = item.value();
    auto* moments = detail::moments_of(optimizer, parameter);
    if (!moments) {
      auto fresh = std::make_unique<torch::optim::AdamWParamState>();
      fresh->exp_avg(at::zeros_like(parameter));
      fresh->exp_avg_sq(at::zeros_like(parameter));
      auto& place = optimizer.adamw().state()[parameter.unsafeGetTensorImpl()];
      place = std::move(fresh);
      moments = detail::moments_of(optimizer, parameter);
    }
    moments->step(first.at("steps").at(item.key()).get<std::int64_t>());
    group.broadcast(moments->exp_avg());
    group.broadcast(moments->exp_avg_sq());
  }
}

}  // namespace vlsm
