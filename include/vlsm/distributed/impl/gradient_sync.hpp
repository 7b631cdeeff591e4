// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include "vlsm/base/compiled.hpp"
#include "vlsm/distributed/gradient_sync.hpp"

namespace vlsm {

namespace detail {

constexpr std::int64_t first_bucket_bytes = 1 << 20, bucket_bytes = 25 << 20;

/// What the Reducer does with a full bucket: adds it up. Its own way takes the mean, which would
/// round what is divided and multiplied again.
class SumBuckets : public c10d::CommHookInterface {
 public:
  explicit SumBuckets(c10::intrusive_ptr<c10d::ProcessGroup> group) : group_(std::move(group)) {}

  c10::intrusive_ptr<c10::ivalue::Future> runHook(c10d::GradBucket& bucket) override {
    std::vector<at::Tensor> tensors{bucket.getBufferRef()};
    return group_->allreduce(tensors)->getFuture();
  }
  at::Tensor parseHookResult(c10::IValue const& result) override {
    return result.isTensor() ? result.toTensor() : result.toTensorVector().at(0);
  }

 private:
  c10::intrusive_ptr<c10d::ProcessGroup> group_;
};

/// Passes warnings on, but for two of the Reducer's. It finds no parameter without a gradient in
/// most models, and warns that looking for them, a walk through the graph, takes time: not looking
/// would let the others wait for ever where a model leaves one out. And it warns of gradients of
/// other strides, which it copies.
class QuietReducer : public c10::WarningHandler {
 public:
  void process(c10::Warning const& warning) override {
    for (char const* known : {"find_unused_parameters", "Grad strides do not match"})
      if (warning.msg().find(known) != std::string::npos) return;
    outer_->process(warning);
  }

 private:
  c10::WarningHandler* outer_ = c10::WarningUtils::get_warning_handler();
};

inline c10::intrusive_ptr<c10d::ProcessGroup> owned(c10d::ProcessGroup* group) {
  return c10::intrusive_ptr<c10d::ProcessGroup>::unsafe_reclaim_from_nonowning(group);
}

}  // namespace detail

struct GradientSync::Reducing {
  c10d::Reducer reducer;
};

VLSM_INLINE GradientSync::GradientSync(std::vector<at::Tensor> parameters,
                                       ProcessGroup const& group, bool in_backward)
    : parameters_(std::move(parameters)), group_(group) {
  if (!group.c10d() || parameters_.empty() || !in_backward) return;
  std::vector<bool> const sparse(parameters_.size(), false);
  auto buckets = std::get<0>(
      c10d::compute_bucket_assignment_by_size(parameters_,
                                              {static_cast<std::size_t>(detail::first_bucket_bytes),
                                               static_cast<std::size_t>(detail::bucket_bytes)},
                                              sparse));
  std::ranges::reverse(buckets);  // the last parameters have their gradients first
  auto const peers = detail::owned(group.c10d());
  reducing_.reset(new Reducing{c10d::Reducer(
      parameters_, std::move(buckets), peers, sparse, detail::bucket_bytes,
      /*find_unused_parameters=*/true, /*gradient_as_bucket_view=*/false, /*param_names=*/{},
      detail::first_bucket_bytes, /*skip_all_reduce_unused_params=*/false,
      /*use_python_reducer=*/false, /*bucket_bytes_cap_list=*/{})});
  reducing_->reducer.register_comm_hook(std::make_unique<detail::SumBuckets>(peers));
}

VLSM_INLINE GradientSync::~GradientSync() = default;  // the Reducer takes its hooks along

VLSM_INLINE void GradientSync::last_backward(at::Tensor const& loss,
                                             std::function<void()> const& backward) {
  if (!reducing_) return backward();
  detail::QuietReducer quiet;
  c10::WarningUtils::WarningHandlerGuard const guard(&quiet);
  reducing_->reducer.prepare_for_backward({loss});
  backward();
}

VLSM_INLINE void GradientSync::all_reduce() const {
  if (!group_.c10d()) return;
  at::NoGradGuard const no_grad;
  std::vector<double> has;
  for (at::Tensor const& parameter : parameters_) has.push_back(parameter.grad().defined());
  has = group_.all_reduce(has);
  std::vector<at::Tensor> bucket;
  std::int64_t bytes = 0;
  auto const empty = [&] {
    if (bucket.empty()) return;
    std::vector<at::Tensor> flat;
    for (at::Tensor const& grad : bucket) flat.push_back(grad.flatten());
    at::Tensor const all = at::cat(flat);
    group_.all_reduce(all);
    std::int64_t from = 0;
    for (at::Tensor const& grad : bucket) {
      grad.copy_(all.slice(0, from, from + grad.numel()).view(grad.sizes()));
      from += grad.numel();
    }
    bucket.clear();
    bytes = 0;
  };
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (has[i] == 0) continue;
    at::Tensor& grad = parameters_[i].mutable_grad();
    if (!grad.defined()) grad = at::zeros_like(parameters_[i]);
    bucket.push_back(grad);
    if ((bytes += static_cast<std::int64_t>(grad.nbytes())) >= detail::bucket_bytes) empty();
  }
  empty();
}

}  // namespace vlsm
