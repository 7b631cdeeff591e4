// SPDX-License-Identifier: MIT
#include "vlsm/ops/add_norm/add_norm.hpp"

#include "benchmarks/support/operator.hpp"

// A residual connection and the layer normalization of its sum, forward alone and with its
// gradients: eight pictures of CRIS's decoder, one of CLIP's ViT-B/16, eight of CLIPSeg's decoder.
namespace vlsm::bench {
namespace {

Operator made(std::int64_t rows, std::int64_t columns, Dtype const& dtype, Pass const& pass) {
  auto const input = [](char const* name, std::vector<std::int64_t> const& shape) {
    return test::recipe_uniform(std::string("bench:add_norm:") + name, shape);
  };
  return {.inputs = {input("x", {rows, columns}), input("residual", {rows, columns}),
                     input("weight", {columns}), input("bias", {columns})},
          .of =
              [](std::vector<at::Tensor> const& in, Backend backend) {
                auto const [norm, sum] = ops::add_norm(in[0], in[1], in[2], in[3], {}, backend);
                return std::vector{norm, sum};
              },
          .reference = Backend::aten,
          .tolerance = tolerance_of_one_pass(dtype, pass)};
}

Registration const all([] {
  for (Place const& place : places({f32, bf16}, {f32, f16, bf16}))
    for (auto const& [rows, columns] :
         {std::pair<std::int64_t, std::int64_t>{5408, 512}, {485, 768}, {3880, 64}})
      for (Pass const& pass : passes_of_two_backends()) {
        // Forward x and the residual in, norm and sum out; backward the sum and both gradients in,
        // one gradient out, which is that of both summands.
        double const numbers = static_cast<double>((pass.gradients ? 8 : 4) * rows * columns);
        add({.name = pass.name("AddNorm", place.dtype) + "/rows:" + std::to_string(rows) +
                     "/columns:" + std::to_string(columns),
             .work = {.bytes = numbers * static_cast<double>(c10::elementSize(place.dtype.type))},
             .unit = benchmark::kMicrosecond,
             .prepare =
                 [rows = rows, columns = columns, pass, place] {
                   return prepare_operator(made(rows, columns, place.dtype, pass), pass, place);
                 },
             .place = place});
      }
});

}  // namespace
}  // namespace vlsm::bench
