// SPDX-License-Identifier: MIT
#include "vlsm/ops/add_norm.hpp"

#include "benchmarks/support/operator.hpp"

// A residual connection and the layer normalisation of its sum, forward alone and with its
// gradients: eight pictures of CRIS's decoder, one of CLIP's ViT-B/16, CLIPSeg's decoder.
namespace vlsm::bench {
namespace {

struct Axes {
  Backend backend;
  char const* backend_name;
  std::int64_t rows, columns;
  bool gradients;
};

Prepared prepare(Axes const& axes, Place const& place) {
  std::vector<std::int64_t> const matrix{axes.rows, axes.columns}, row{axes.columns};
  bool const wide = place.dtype.type == at::kFloat;
  return prepare_operator({.inputs = {test::recipe_uniform("bench:add_norm:x", matrix),
                                      test::recipe_uniform("bench:add_norm:residual", matrix),
                                      test::recipe_uniform("bench:add_norm:weight", row),
                                      test::recipe_uniform("bench:add_norm:bias", row)},
                           .of =
                               [](std::vector<at::Tensor> const& in, Backend backend) {
                                 auto const [norm, sum] =
                                     ops::add_norm(in[0], in[1], in[2], in[3], {}, backend);
                                 return std::vector{norm, sum};
                               },
                           .backend = axes.backend,
                           .reference = Backend::aten,
                           .gradients = axes.gradients,
                           .tolerance = wide ? 2e-5 : 0.1},
                          place);
}

/// Forward x and the residual in, norm and sum out; backward the sum and both gradients in, one
/// gradient out, which is that of both summands.
double bytes(Axes const& axes, Dtype const& dtype) {
  return static_cast<double>((axes.gradients ? 8 : 4) * axes.rows * axes.columns) *
         static_cast<double>(c10::elementSize(dtype.type));
}

void add_case(Axes const& axes, Place const& place) {
  add({.name = std::string("BM_AddNorm") + (axes.gradients ? "Gradients" : "") +
               "/backend:" + axes.backend_name + "/dtype:" + place.dtype.name +
               "/rows:" + std::to_string(axes.rows) + "/columns:" + std::to_string(axes.columns),
       .work = {.bytes = bytes(axes, place.dtype)},
       .unit = benchmark::kMicrosecond,
       .prepare = [=] { return prepare(axes, place); },
       .place = place});
}

Registration const all([] {
  for (Place const& place : places({f32, bf16}, {f32, f16, bf16}))
    for (bool gradients : {false, true})
      for (auto const& [rows, columns] : {std::pair{5408, 512}, {485, 768}, {3880, 64}})
        for (auto const& [backend, name] :
             {std::pair{Backend::fused, "fused"}, {Backend::aten, "aten"}})
          add_case({backend, name, rows, columns, gradients}, place);
});

}  // namespace
}  // namespace vlsm::bench
