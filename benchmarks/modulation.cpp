// SPDX-License-Identifier: MIT
#include "benchmarks/support/operator.hpp"
#include "vlsm/ops/film.hpp"

// FiLM's modulation alone, without the layers around it (film.cpp), forward and with its gradients:
// CLIPSeg's tokens, and the largest skip of a U-Net.
namespace vlsm::bench {
namespace {

struct Axes {
  Backend backend;
  char const* backend_name;
  std::vector<std::int64_t> shape;  ///< of tokens or of a map
  char const* shape_name;
  bool gradients;
};

Prepared prepare(Axes const& axes, Place const& place) {
  std::int64_t const channels = axes.shape.size() == 3 ? axes.shape[2] : axes.shape[1];
  std::vector<std::int64_t> const each{axes.shape[0], channels};
  bool const wide = place.dtype.type == at::kFloat;
  return prepare_operator({.inputs = {test::recipe_uniform("bench:modulation:x", axes.shape),
                                      test::recipe_uniform("bench:modulation:scale", each),
                                      test::recipe_uniform("bench:modulation:shift", each)},
                           .of =
                               [](std::vector<at::Tensor> const& in, Backend backend) {
                                 return std::vector{ops::film(in[0], in[1], in[2], {}, backend)};
                               },
                           .backend = axes.backend,
                           .reference = Backend::aten,
                           .gradients = axes.gradients,
                           .tolerance = wide ? 2e-5 : 0.1},
                          place);
}

/// Forward x in and the result out; backward x and the result's gradient in, that of x out.
double bytes(Axes const& axes, Dtype const& dtype) {
  double numbers = axes.gradients ? 5 : 2;
  for (std::int64_t size : axes.shape) numbers *= static_cast<double>(size);
  return numbers * static_cast<double>(c10::elementSize(dtype.type));
}

void add_case(Axes const& axes, Place const& place) {
  add({.name = std::string("BM_Modulation") + (axes.gradients ? "Gradients" : "") + "/backend:" +
               axes.backend_name + "/dtype:" + place.dtype.name + "/shape:" + axes.shape_name,
       .work = {.bytes = bytes(axes, place.dtype)},
       .unit = benchmark::kMicrosecond,
       .prepare = [=] { return prepare(axes, place); },
       .place = place});
}

Registration const all([] {
  for (Place const& place : places({f32, bf16}, {f32, f16, bf16}))
    for (bool gradients : {false, true})
      for (auto const& [backend, name] :
           {std::pair{Backend::fused, "fused"}, {Backend::aten, "aten"}}) {
        add_case({backend, name, {8, 485, 64}, "8x485x64", gradients}, place);
        add_case({backend, name, {8, 64, 176, 176}, "8x64x176x176", gradients}, place);
      }
});

}  // namespace
}  // namespace vlsm::bench
