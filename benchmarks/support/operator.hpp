// SPDX-License-Identifier: MIT
#pragma once

#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <string>
#include <vector>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/check.hpp"
#include "tests/support/recipe.hpp"
#include "vlsm/ops/backend.hpp"

// An operator of ops/: its inputs, its backends, and its check against one of them in double
// precision.
namespace vlsm::bench {

/// What an operator makes of its inputs by a backend.
using Results = std::function<std::vector<at::Tensor>(std::vector<at::Tensor> const&, Backend)>;

/// How an operator is timed.
struct Pass {
  Backend backend;
  char const* backend_name;
  bool gradients;  ///< of all results, by all inputs, too

  /// BM_Name[Gradients]/backend:…/dtype:…
  std::string name(std::string const& block, Dtype const& dtype) const {
    return "BM_" + block + (gradients ? "Gradients" : "") + "/backend:" + backend_name +
           "/dtype:" + dtype.name;
  }
};

struct Operator {
  std::vector<at::Tensor> inputs;  ///< float32, on the CPU
  Results of;
  Backend reference;  ///< whose results in double are right
  double tolerance;   ///< in deviations of each result
};

/// The results; with gradients, those in front.
inline std::vector<at::Tensor> outcome(Results const& of, std::vector<at::Tensor> const& inputs,
                                       std::vector<at::Tensor> const& grads, Backend backend,
                                       bool gradients) {
  if (!gradients) return of(inputs, backend);
  at::AutoGradMode const on(true);
  std::vector<at::Tensor> leaves;
  for (at::Tensor const& input : inputs) leaves.push_back(input.detach().requires_grad_(true));
  auto const results = of(leaves, backend);
  auto all = torch::autograd::grad(results, leaves, grads);
  for (at::Tensor const& result : results) all.push_back(result.detach());
  return all;
}

/// Ready to be timed in `place`, once compared.
inline Prepared prepare_operator(Operator const& one, Pass const& pass, Place const& place) {
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
  auto const expected = outcome(one.of, exact_inputs, exact_grads, one.reference, pass.gradients);
  auto const once = [of = one.of, pass, inputs, grads] {
    return outcome(of, inputs, grads, pass.backend, pass.gradients);
  };
  return {.wrong = difference(once(), expected, one.tolerance), .run = [once] {
            auto const result = once();
            benchmark::DoNotOptimize(result[0].const_data_ptr());
          }};
}

/// Of operators that read each number once. In 16 bits the kernels round what they write; ATen
/// rounds in between, too, and the sums of a gradient.
inline double tolerance_of_one_pass(Dtype const& dtype, Pass const& pass) {
  if (dtype.type == at::kFloat) return 2e-5;
  return pass.backend == Backend::fused ? 2e-2 : 0.5;
}

/// The fused kernels and ATen, forward and with gradients.
inline std::vector<Pass> passes_of_two_backends() {
  std::vector<Pass> passes;
  for (bool gradients : {false, true}) {
    passes.push_back({Backend::fused, "fused", gradients});
    passes.push_back({Backend::aten, "aten", gradients});
  }
  return passes;
}

}  // namespace vlsm::bench
