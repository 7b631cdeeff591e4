// SPDX-License-Identifier: MIT
#include "vlsm/ops/packed/linear.hpp"

#include <cmath>
#include <functional>
#include <string>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/check.hpp"
#include "tests/support/recipe.hpp"
#include "vlsm/ops/attention/attention.hpp"

// Dense layers of the models with bias and GELU, and self-attention, as prepared models have them:
// float32, factors rounded to bfloat16 or to bytes, and oneDNN's bfloat16 beside them.
namespace vlsm::bench {
namespace {

std::string axis(char const* name, std::int64_t value) {
  return std::string("/") + name + ":" + std::to_string(value);
}

at::Tensor made(char const* name, at::IntArrayRef sizes) {
  return test::recipe_uniform(std::string("bench:linear:") + name, sizes);
}

using Compute = std::function<at::Tensor()>;

struct Shape {
  std::int64_t rows, in, out;
};

struct Engine {
  char const* name;
  at::ScalarType type;
  ops::Operand operand;
  double tolerance;  ///< in standard deviations
};

Engine const engines[] = {{"fp32", at::kFloat, ops::Operand::fp32, 1e-4},
                          {"bf16", at::kFloat, ops::Operand::bf16, 0.1},
                          {"int8", at::kFloat, ops::Operand::int8, 0.2},
                          {"onednn_bf16", at::kBFloat16, ops::Operand::fp32, 0.1}};

Shape const shapes[] = {{485, 768, 2304}, {485, 768, 3072}, {485, 3072, 768}, {485, 64, 2048},
                        {676, 1024, 512}, {17, 768, 3072},  {4096, 304, 256}};

Prepared dense(Shape const& shape, Engine const& engine) {
  at::Tensor const x = made("x", {shape.rows, shape.in}),
                   weight = made("weight", {shape.out, shape.in}) *
                            std::sqrt(3.0 / static_cast<double>(shape.in)),
                   bias = made("bias", {shape.out});
  ops::PackedLinear const packed(weight, bias, engine.type, engine.operand);
  Compute const compute = [packed, in = x.to(engine.type)] {
    return packed.run(in, ops::Epilogue::gelu);
  };
  at::Tensor const exact =
      at::gelu(at::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble)));
  return {.wrong = difference("dense layer", compute(), exact, engine.tolerance),
          .run = [compute] { benchmark::DoNotOptimize(compute().const_data_ptr()); }};
}

struct Heads {
  std::int64_t heads, tokens, dim;
};

Heads const attentions[] = {{12, 485, 64}, {12, 197, 64}, {8, 676, 64}};

Prepared attention(Heads const& shape, bool rounded) {
  at::Tensor const all = 3 * made("qkv", {1, shape.tokens, 3, shape.heads, shape.dim});
  at::Tensor const q = all.select(2, 0), k = all.select(2, 1), v = all.select(2, 2);
  Compute const compute = [=] {
    return rounded ? ops::rounded_attention(q, k, v) : ops::fusion_attention(q, k, v);
  };
  auto const heads_first = [](at::Tensor const& x) { return x.to(at::kDouble).transpose(1, 2); };
  at::Tensor const exact =
      at::scaled_dot_product_attention(heads_first(q), heads_first(k), heads_first(v))
          .transpose(1, 2);
  return {.wrong = difference("attention", compute(), exact, rounded ? 0.1 : 1e-4),
          .run = [compute] { benchmark::DoNotOptimize(compute().const_data_ptr()); }};
}

Registration const all([] {
  for (Shape const& shape : shapes)
    for (Engine const& engine : engines)
      add({.name = std::string("BM_Linear/engine:") + engine.name + axis("rows", shape.rows) +
                   axis("in", shape.in) + axis("out", shape.out),
           .work = {.flops = static_cast<double>(2 * shape.rows * shape.in * shape.out)},
           .unit = benchmark::kMicrosecond,
           .prepare = [shape, engine] { return dense(shape, engine); }});
  for (Heads const& shape : attentions)
    for (bool rounded : {false, true})
      add({.name = std::string("BM_SelfAttention/engine:") + (rounded ? "bf16" : "fp32") +
                   axis("heads", shape.heads) + axis("tokens", shape.tokens) +
                   axis("dim", shape.dim),
           .work = {.flops = static_cast<double>(4 * shape.heads * shape.tokens * shape.tokens *
                                                 shape.dim)},
           .unit = benchmark::kMicrosecond,
           .prepare = [shape, rounded] { return attention(shape, rounded); }});
});

}  // namespace
}  // namespace vlsm::bench
