// SPDX-License-Identifier: MIT
#pragma once

#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <string>
#include <vector>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/check.hpp"
#include "tests/support/recipe.hpp"
#include "vlsm/core/backend.hpp"

// An operator of ops/: its inputs, its backends, and its check against one of them in double
// precision.
namespace vlsm::bench {

struct Operator {
  std::vector<at::Tensor> inputs;  ///< float32, on the CPU
  /// The results of the inputs, by a backend.
  std::function<std::vector<at::Tensor>(std::vector<at::Tensor> const&, Backend)> of;
  Backend backend;
  Backend reference;        ///< whose results in double are right
  bool gradients = false;   ///< of all results, by all inputs, too
  double tolerance = 1e-5;  ///< in deviations of each result
};

/// The results; with gradients, those in front.
inline std::vector<at::Tensor> outcome(Operator const& one, std::vector<at::Tensor> const& inputs,
                                       std::vector<at::Tensor> const& grads, Backend backend) {
  if (!one.gradients) return one.of(inputs, backend);
  at::AutoGradMode const on(true);
  std::vector<at::Tensor> leaves;
  for (at::Tensor const& input : inputs) leaves.push_back(input.detach().requires_grad_(true));
  auto const results = one.of(leaves, backend);
  auto all = torch::autograd::grad(results, leaves, grads);
  for (at::Tensor const& result : results) all.push_back(result.detach());
  return all;
}

/// Ready to be timed in `place`, once compared.
inline Prepared prepare_operator(Operator const& one, Place const& place) {
  std::vector<at::Tensor> inputs, grads, exact_inputs, exact_grads;
  for (at::Tensor const& input : one.inputs) {
    at::Tensor const rounded = input.to(place.dtype.type);
    exact_inputs.push_back(rounded.to(at::kDouble));
    inputs.push_back(rounded.to(place.device));
  }
  for (at::Tensor const& result : one.of(exact_inputs, one.reference)) {
    at::Tensor const rounded =
        test::recipe_uniform("bench:grad:" + std::to_string(grads.size()), result.sizes())
            .to(place.dtype.type);
    exact_grads.push_back(rounded.to(at::kDouble));
    grads.push_back(rounded.to(place.device));
  }
  auto const expected = outcome(one, exact_inputs, exact_grads, one.reference);
  auto const once = [one, inputs, grads] { return outcome(one, inputs, grads, one.backend); };
  return {.wrong = difference(once(), expected, one.tolerance), .run = [once] {
            auto const result = once();
            benchmark::DoNotOptimize(result[0].const_data_ptr());
          }};
}

}  // namespace vlsm::bench
