// SPDX-License-Identifier: MIT
#include "vlsm/ops/fusion_attention.hpp"

#include <torch/csrc/autograd/autograd.h>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/check.hpp"

// Attention of a picture's cells to a sentence's words, forward alone and with its gradients, by
// each backend. benchmarks/peers/torch_sdpa.py times PyTorch under the same names.
namespace vlsm::bench {
namespace {

constexpr std::int64_t heads = 8, dim = 64;

struct Axes {
  Backend backend;
  char const* backend_name;
  std::int64_t queries, keys, batch;
  bool gradients;
};

std::vector<at::Tensor> outcome(at::Tensor const& q, at::Tensor const& k, at::Tensor const& v,
                                at::Tensor const& grad, Backend backend, bool gradients) {
  if (!gradients) return {ops::fusion_attention(q, k, v, {}, backend)};
  at::AutoGradMode const on(true);
  at::Tensor const out = ops::fusion_attention(q, k, v, {}, backend);
  auto grads = torch::autograd::grad({out}, {q, k, v}, {grad});
  grads.push_back(out.detach());
  return grads;
}

Prepared prepare(Axes const& axes) {
  auto const made = [&](char const* name, std::int64_t rows) {
    return 1.7 * test::recipe_uniform(std::string("bench:attention:") + name,
                                      {axes.batch, rows, heads, dim});
  };
  at::Tensor const q = made("q", axes.queries).requires_grad_(axes.gradients),
                   k = made("k", axes.keys).requires_grad_(axes.gradients),
                   v = made("v", axes.keys).requires_grad_(axes.gradients),
                   grad = made("grad", axes.queries);
  auto const actual = outcome(q, k, v, grad, axes.backend, axes.gradients);
  auto const wide = [&](at::Tensor const& x) {
    return x.detach().to(at::kDouble).requires_grad_(axes.gradients);
  };
  auto const expected =
      outcome(wide(q), wide(k), wide(v), grad.to(at::kDouble), Backend::cublas, axes.gradients);
  std::vector<std::string> findings;
  for (std::size_t i = 0; i < expected.size(); ++i)
    findings.push_back(difference("result " + std::to_string(i), actual[i], expected[i], 1e-5));
  return {.wrong = first_of(findings), .run = [=] {
            auto const result = outcome(q, k, v, grad, axes.backend, axes.gradients);
            benchmark::DoNotOptimize(result[0].const_data_ptr());
          }};
}

void add_case(Axes const& axes) {
  auto const text = [](std::int64_t value) { return std::to_string(value); };
  // Two products forward; five backward, the first of which computes the scores again.
  double const product =
      2.0 * static_cast<double>(axes.batch * heads * axes.queries * axes.keys * dim);
  add({.name = std::string("BM_FusionAttention") + (axes.gradients ? "Gradients" : "") +
               "/backend:" + axes.backend_name + "/dtype:f32/q:" + text(axes.queries) +
               "/k:" + text(axes.keys) + "/b:" + text(axes.batch),
       .work = {.flops = product * (axes.gradients ? 7 : 2)},
       .prepare = [axes] { return prepare(axes); }});
}

}  // namespace

void add_fusion_attention() {
  for (bool gradients : {false, true})
    for (auto const& [queries, keys, batch] :
         {std::tuple{676, 77, 1}, {676, 77, 8}, {676, 17, 8}, {10816, 77, 1}})
      for (auto const& [backend, name] : {std::pair{Backend::fused, "fused"},
                                          {Backend::cublas, "products"},
                                          {Backend::aten, "aten"}})
        add_case({backend, name, queries, keys, batch, gradients});
}

}  // namespace vlsm::bench
