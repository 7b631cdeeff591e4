// SPDX-License-Identifier: MIT
#include "benchmarks/support/operator.hpp"
#include "vlsm/ops/film/film.hpp"

// FiLM's modulation alone, without the layers around it (film.cpp), forward and with its gradients:
// CLIPSeg's tokens, and the largest skip of a U-Net.
namespace vlsm::bench {
namespace {

using Shape = std::vector<std::int64_t>;

/// @param shape of tokens or of a map
Operator made(Shape const& shape, Dtype const& dtype, Pass const& pass) {
  auto const input = [](char const* name, Shape const& size) {
    return test::recipe_uniform(std::string("bench:modulation:") + name, size);
  };
  Shape const each{shape[0], shape.size() == 3 ? shape[2] : shape[1]};
  return {.inputs = {input("x", shape), input("scale", each), input("shift", each)},
          .of =
              [](std::vector<at::Tensor> const& in, Backend backend) {
                return std::vector{ops::film(in[0], in[1], in[2], {}, backend)};
              },
          .reference = Backend::aten,
          .tolerance = tolerance_of_one_pass(dtype, pass)};
}

Registration const all([] {
  for (Place const& place : places({f32, bf16}, {f32, f16, bf16}))
    for (auto const& [name, shape] : {std::pair<std::string, Shape>{"8x485x64", {8, 485, 64}},
                                      {"8x64x176x176", {8, 64, 176, 176}}})
      for (Pass const& pass : passes_of_two_backends()) {
        // Forward x in and the result out; backward x and the result's gradient in, that of x out.
        double const numbers =
            (pass.gradients ? 5.0 : 2.0) * static_cast<double>(c10::multiply_integers(shape));
        add({.name = pass.name("Modulation", place.dtype) + "/shape:" + name,
             .work = {.bytes = numbers * static_cast<double>(c10::elementSize(place.dtype.type))},
             .unit = benchmark::kMicrosecond,
             .prepare =
                 [shape = shape, pass, place] {
                   return prepare_operator(made(shape, place.dtype, pass), pass, place);
                 },
             .place = place});
      }
});

}  // namespace
}  // namespace vlsm::bench
