// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "vlsm/ops/attention/attention.hpp"

// What the tests of the attention feed it, and what they compare.
namespace vlsm::test {

struct AttentionInputs {
  at::Tensor q, k, v, grad;

  AttentionInputs to(at::TensorOptions const& options) const {
    return {q.to(options), k.to(options), v.to(options), grad.to(options)};
  }
};

/// The result and the gradients of q, k, v.
inline std::vector<at::Tensor> attention_results(AttentionInputs const& in,
                                                 ops::AttentionOptions const& options,
                                                 Backend backend) {
  auto const leaf = [](at::Tensor const& x) { return x.detach().requires_grad_(true); };
  at::Tensor const q = leaf(in.q), k = leaf(in.k), v = leaf(in.v);
  at::Tensor const out = ops::fusion_attention(q, k, v, options, backend);
  auto const grads = torch::autograd::grad({out}, {q, k, v}, {in.grad});
  return {out.detach(), grads[0], grads[1], grads[2]};
}

}  // namespace vlsm::test
