// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "vlsm/distributed/process_group.hpp"

namespace vlsm {

/// Adds up the gradients of some parameters over the processes of a group, in buckets of 25 MB,
/// each of which is on its way while the backward pass goes on (c10d::Reducer, Li et al. 2020). One
/// parameter that no process used has no gradient afterwards, as in one process. While one lives,
/// every backward pass reaches its parameters, so there is one a model.
class GradientSync {
 public:
  /// `parameters` in the order of the forward pass, all on the group's device, the same in all
  /// processes; `group` must live longer. In a group of one nothing is done. `in_backward`: whether
  /// last_backward will be called; else all_reduce does all.
  GradientSync(std::vector<at::Tensor> parameters, ProcessGroup const& group,
               bool in_backward = true);
  ~GradientSync();
  GradientSync(GradientSync const&) = delete;
  GradientSync& operator=(GradientSync const&) = delete;

  /// Runs `backward`, which derives `loss` or a multiple of it: the last backward pass before the
  /// optimizer's step. Afterwards the gradients, those of earlier passes included, are sums over
  /// the processes.
  void last_backward(at::Tensor const& loss, std::function<void()> const& backward);

  /// Adds up the gradients that are there now, after any number of passes: for gradients that no
  /// backward pass wrote in the parameters' own type.
  void all_reduce() const;

 private:
  struct Reducing;
  std::vector<at::Tensor> parameters_;
  ProcessGroup const& group_;
  std::unique_ptr<Reducing> reducing_;
};

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/distributed/impl/gradient_sync.hpp"
#endif
