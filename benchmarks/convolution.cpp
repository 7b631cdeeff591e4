// SPDX-License-Identifier: MIT
#include <ATen/core/dispatch/Dispatcher.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/support/case.hpp"
#include "benchmarks/support/check.hpp"
#include "tests/support/recipe.hpp"
#include "vlsm/ops/convolution/winograd.hpp"

// 3 x 3 convolutions of the models with bias and ReLU: by Winograd, by oneDNN with weights in its
// own layout (as PyTorch's compiler calls it), and by at::conv2d. Rates count the multiplications
// of the definition, so Winograd's may exceed the machine's peak.
namespace vlsm::bench {
namespace {

struct Shape {
  std::int64_t in, out, side;
};

struct Tensors {
  at::Tensor x, weight, bias;  ///< channels last; so is weight
};

Tensors tensors_of(Shape const& shape) {
  auto const last = [](at::Tensor const& x) {
    return x.contiguous(at::MemoryFormat::ChannelsLast);
  };
  auto const made = [](char const* name, at::IntArrayRef sizes) {
    return test::recipe_uniform(std::string("bench:convolution:") + name, sizes);
  };
  return {last(made("x", {1, shape.in, shape.side, shape.side})),
          last(made("weight", {shape.out, shape.in, 3, 3}) /
               std::sqrt(3.0 * static_cast<double>(shape.in))),
          0.1 * made("bias", {shape.out})};
}

at::Tensor plain(Tensors const& t) {
  return at::conv2d(t.x.to(at::kDouble), t.weight.to(at::kDouble), t.bias.to(at::kDouble), 1, 1)
      .relu_();
}

/// An operator of LibTorch that has no function in at::.
at::Tensor call(char const* name, std::vector<c10::IValue> arguments) {
  c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(&arguments);
  return arguments[0].toTensor();
}

using Convolve = std::function<at::Tensor()>;

Convolve winograd(Tensors const& t, int tile) {
  return [x = t.x, packed = ops::pack_winograd(t.weight, t.bias, tile)] {
    return ops::winograd_convolution({{x}}, packed, {.residual = {}, .relu = true});
  };
}

Convolve onednn(Tensors const& t) {
  std::vector<std::int64_t> const one{1, 1};
  at::Tensor const packed = call("mkldnn::_reorder_convolution_weight",
                                 {t.weight, one, one, one, std::int64_t{1}, t.x.sizes().vec()});
  c10::impl::GenericList const scalars(c10::OptionalType::create(c10::NumberType::get()));
  return [=] {
    return call(
        "mkldnn::_convolution_pointwise",
        {t.x, packed, t.bias, one, one, one, std::int64_t{1}, "relu", scalars, c10::IValue()});
  };
}

Convolve conv2d(Tensors const& t, at::MemoryFormat format) {
  return [x = t.x.contiguous(format), weight = t.weight.contiguous(format), bias = t.bias] {
    return at::conv2d(x, weight, bias, 1, 1).relu_();
  };
}

struct Engine {
  char const* name;
  Convolve (*make)(Tensors const&);
};

Engine const engines[] = {
    {"winograd4", [](Tensors const& t) { return winograd(t, 4); }},
    {"winograd2", [](Tensors const& t) { return winograd(t, 2); }},
    {"onednn", onednn},
    {"conv2d", [](Tensors const& t) { return conv2d(t, at::MemoryFormat::Contiguous); }},
    {"conv2d_last", [](Tensors const& t) { return conv2d(t, at::MemoryFormat::ChannelsLast); }}};

Shape const shapes[] = {{64, 64, 64},   {128, 128, 52},  {256, 256, 26}, {512, 512, 8},
                        {512, 512, 13}, {512, 512, 52},  {768, 128, 32}, {384, 64, 64},
                        {32, 32, 128},  {256, 256, 104}, {16, 16, 256}};

Registration const all([] {
  for (Shape const& shape : shapes)
    for (Engine const& engine : engines) {
      auto const axis = [](char const* name, std::int64_t value) {
        return std::string("/") + name + ":" + std::to_string(value);
      };
      add({.name = std::string("BM_Convolution/engine:") + engine.name + axis("in", shape.in) +
                   axis("out", shape.out) + axis("side", shape.side),
           .work = {.flops =
                        static_cast<double>(18 * shape.in * shape.out * shape.side * shape.side)},
           .unit = benchmark::kMicrosecond,
           .prepare = [shape, engine] {
             Tensors const t = tensors_of(shape);
             Convolve const convolve = engine.make(t);
             return Prepared{
                 .wrong = difference("convolution", convolve(), plain(t)),
                 .run = [convolve] { benchmark::DoNotOptimize(convolve().const_data_ptr()); }};
           }});
    }
});

}  // namespace
}  // namespace vlsm::bench
