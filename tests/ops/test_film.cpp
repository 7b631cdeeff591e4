// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "ops/worst_error.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/ops/film/film.hpp"

// FiLM of ops/ against its formula in double precision, in value and gradients.
namespace {

using namespace vlsm;
using ops::FilmOptions;

struct Inputs {
  at::Tensor x, scale, shift, bias, residual, grad;

  Inputs(at::IntArrayRef shape, std::int64_t channels, bool with_bias, bool with_residual)
      : x(at::randn(shape)),
        scale(at::randn({x.size(0), channels})),
        shift(at::randn({x.size(0), channels})),
        bias(with_bias ? at::randn({channels}) : at::Tensor()),
        residual(with_residual ? at::randn(shape) : at::Tensor()),
        grad(at::randn(shape)) {}

  Inputs to(at::ScalarType type) const {
    Inputs other = *this;
    for (at::Tensor* one :
         {&other.x, &other.scale, &other.shift, &other.bias, &other.residual, &other.grad})
      if (one->defined()) *one = one->to(type);
    return other;
  }
};

/// The result, and the gradients with respect to all that is there.
std::vector<at::Tensor> results(Inputs const& in, Backend backend) {
  std::vector<at::Tensor> leaves;
  auto const leaf = [&](at::Tensor const& x) {
    return x.defined() ? leaves.emplace_back(x.detach().requires_grad_(true)) : at::Tensor();
  };
  at::Tensor const x = leaf(in.x), scale = leaf(in.scale), shift = leaf(in.shift);
  FilmOptions const options{leaf(in.bias), leaf(in.residual)};
  at::Tensor const y = ops::film(x, scale, shift, options, backend);
  auto all = torch::autograd::grad({y}, leaves, {in.grad});
  all.insert(all.begin(), y.detach());
  return all;
}

double worst_error(Inputs const& in) {
  return test::worst_error(results(in, Backend::fused), results(in.to(at::kDouble), Backend::aten),
                           in.x.scalar_type());
}

}  // namespace

TEST_CASE("FiLM: tokens and maps, with and without bias and residual, every type") {
  at::manual_seed(1);
  double worst = 0;
  for (bool bias : {false, true})
    for (bool residual : {false, true})
      for (Inputs const& in :
           {Inputs({3, 485, 64}, 64, bias, residual), Inputs({2, 17, 39}, 39, bias, residual),
            Inputs({2, 5, 19, 23}, 5, bias, residual),
            Inputs({1, 64, 104, 104}, 64, bias, residual)}) {
        worst = std::max(worst, worst_error(in));
        CHECK(worst < 2e-6);
        CHECK(worst_error(in.to(at::kHalf)) < 1.0 / 1024);
        CHECK(worst_error(in.to(at::kBFloat16)) < 1.0 / 128);
      }
  std::printf("FiLM float32: largest error %.2g of the largest value\n", worst);
}

TEST_CASE("FiLM: any strides, and without a gradient the same bits") {
  at::manual_seed(2);
  Inputs in({2, 6, 9, 11}, 6, true, true);
  at::Tensor const expected = ops::film(in.x, in.scale, in.shift, {in.bias, in.residual});
  at::Tensor const last = in.x.contiguous(at::MemoryFormat::ChannelsLast),
                   wide = at::cat({in.residual, in.residual}, 3).slice(3, 0, 11),
                   columns = in.scale.t().contiguous().t();
  CHECK(ops::film(last, columns, in.shift, {in.bias, wide}).equal(expected));
  CHECK(results(in, Backend::fused)[0].equal(expected));
}

TEST_CASE("FiLM: a map with its channels last is taken as it lies, and so are its gradients") {
  at::manual_seed(4);
  auto const last = at::MemoryFormat::ChannelsLast;
  for (bool residual : {false, true}) {
    Inputs in({3, 37, 13, 9}, 37, true, residual);
    auto const expected = results(in, Backend::fused);
    for (at::Tensor* one : {&in.x, &in.residual, &in.grad})
      if (one->defined()) *one = one->contiguous(last);
    auto const found = results(in, Backend::fused);
    CHECK(found[0].is_contiguous(last));
    CHECK(found[0].equal(expected[0]));
    CHECK(found[1].is_contiguous(last));
    CHECK(found[1].equal(expected[1]));
    CHECK(worst_error(in) < 2e-6);
    CHECK(worst_error(in.to(at::kBFloat16)) < 1.0 / 128);
    // Only x lies so: the others are brought there.
    Inputs mixed = in;
    mixed.grad = in.grad.contiguous();
    if (residual) mixed.residual = in.residual.contiguous();
    auto const same = results(mixed, Backend::fused);
    for (std::size_t i = 0; i < same.size(); ++i) CHECK(same[i].equal(found[i]));
  }
}

TEST_CASE("FiLM: the same bits from any number of threads") {
  at::manual_seed(3);
  int const before = at::get_num_threads();
  for (Inputs const& in :
       {Inputs({3, 4000, 48}, 48, true, true), Inputs({2, 40, 100, 90}, 40, true, false)}) {
    at::set_num_threads(1);
    auto const once = results(in, Backend::fused);
    at::set_num_threads(3);
    auto const again = results(in, Backend::fused);
    for (std::size_t i = 0; i < once.size(); ++i) CHECK(again[i].equal(once[i]));
  }
  at::set_num_threads(before);
}

TEST_CASE("FiLM: what the kernels leave out is ATen's; what does not fit is refused in one line") {
  at::Tensor const x = at::randn({2, 3, 4}), v = at::randn({2, 4});
  at::Tensor const wide = ops::film(x.to(at::kDouble), v, v);
  CHECK((wide.scalar_type() == at::kDouble));
  CHECK(ops::film(x.slice(0, 0, 0), v.slice(0, 0, 0), v.slice(0, 0, 0)).numel() == 0);
  CHECK_THROWS_WITH_AS(ops::film(v, v, v),
                       "features that are neither tokens nor a map: film: x [2, 4]: pass [B, N, C] "
                       "or [B, C, H, W]",
                       Error);
  CHECK_THROWS_WITH_AS(ops::film(x, v, at::zeros({2, 3})),
                       "scale or shift do not fit the features: film: x [2, 3, 4], scale [2, 4], "
                       "shift [2, 3]: pass both as [B, C]",
                       Error);
  CHECK_THROWS_WITH_AS(ops::film(x, v, v, {.bias = at::zeros({3})}),
                       "the bias does not fit the features: film: x [2, 3, 4], bias [3]: pass it "
                       "as [C]",
                       Error);
  CHECK_THROWS_WITH_AS(ops::film(x, v, v, {.residual = v}),
                       "the residual does not fit the features: film: x [2, 3, 4], residual [2, "
                       "4]: give both one shape",
                       Error);
  at::Tensor const leaf = v.detach().requires_grad_(true), y = ops::film(x, leaf, v);
  CHECK_THROWS_WITH_AS(torch::autograd::grad({y}, {leaf}, {x}, true, /*create_graph=*/true),
                       "the fused kernels have no second derivative: film: choose Backend::aten",
                       Error);
}
