// SPDX-License-Identifier: MIT
#include "benchmarks/support/operator.hpp"
#include "vlsm/ops/attention/attention.hpp"

// Attention of a picture's cells to a sentence's words, forward alone and with its gradients, by
// each backend. benchmarks/peers/torch_sdpa.py times PyTorch under the same names.
namespace vlsm::bench {
namespace {

constexpr std::int64_t heads = 8, dim = 64;

struct Axes {
  std::int64_t queries, keys, batch;
};

/// Weights and results are rounded to the type, and cuBLAS's also in between.
double tolerance(Dtype const& dtype) {
  if (dtype.type == at::kBFloat16) return 0.15;
  return dtype.tf32 || dtype.type == at::kHalf ? 2e-2 : 1e-5;
}

Prepared prepare(Axes const& axes, Pass const& pass, Place const& place) {
  auto const made = [&](char const* name, std::int64_t rows) {
    return 1.7 * test::recipe_uniform(std::string("bench:attention:") + name,
                                      {axes.batch, rows, heads, dim});
  };
  return prepare_operator(
      {.inputs = {made("q", axes.queries), made("k", axes.keys), made("v", axes.keys)},
       .of =
           [](std::vector<at::Tensor> const& in, Backend backend) {
             return std::vector{ops::fusion_attention(in[0], in[1], in[2], {}, backend)};
           },
       .reference = Backend::matmul,
       .tolerance = tolerance(place.dtype)},
      pass, place);
}

/// Two products forward; five backward, the first of which computes the scores again.
double flops(Axes const& axes, bool gradients) {
  double const product =
      2.0 * static_cast<double>(axes.batch * heads * axes.queries * axes.keys * dim);
  return product * (gradients ? 7 : 2);
}

/// Forward q, k and v in and the result out; backward these and the result's gradient in, three
/// gradients out.
double bytes(Axes const& axes, bool gradients, Dtype const& dtype) {
  std::int64_t const forward = 2 * axes.queries + 2 * axes.keys,
                     backward = 4 * axes.queries + 4 * axes.keys;
  std::int64_t const rows = forward + (gradients ? backward : 0);
  return static_cast<double>(axes.batch * heads * dim * rows) *
         static_cast<double>(c10::elementSize(dtype.type));
}

void add_case(Axes const& axes, Pass const& pass, Place const& place) {
  auto const text = [](std::int64_t value) { return std::to_string(value); };
  add({.name = pass.name("FusionAttention", place.dtype) + "/q:" + text(axes.queries) +
               "/k:" + text(axes.keys) + "/b:" + text(axes.batch),
       .work = {.flops = flops(axes, pass.gradients),
                .bytes = bytes(axes, pass.gradients, place.dtype)},
       .prepare = [=] { return prepare(axes, pass, place); },
       .place = place});
}

/// cuDNN's attention exists on a GPU, in 16 bit.
bool exists(Backend backend, Place const& place) {
  return backend != Backend::cudnn || (place.device.is_cuda() && place.dtype.type != at::kFloat);
}

Registration const all([] {
  for (Place const& place : places({f32}, {f32, tf32, f16, bf16}))
    for (bool gradients : {false, true})
      for (auto const& [queries, keys, batch] :
           {std::tuple{676, 77, 1}, {676, 77, 8}, {676, 17, 8}, {10816, 77, 1}})
        for (auto const& [backend, name] : {std::pair{Backend::fused, "fused"},
                                            {Backend::matmul, "products"},
                                            {Backend::cudnn, "cudnn"},
                                            {Backend::aten, "aten"}})
          if (exists(backend, place))
            add_case({queries, keys, batch}, {backend, name, gradients}, place);
});

}  // namespace
}  // namespace vlsm::bench
