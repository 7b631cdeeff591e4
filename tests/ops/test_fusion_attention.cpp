// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "ops/attention_results.hpp"
#include "support/doctest.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/ops/backend.hpp"

// The attention of ops/ against its definition in double precision, in value and gradients.
namespace {

using namespace vlsm;
using ops::AttentionOptions;
using Inputs = test::AttentionInputs;

Inputs inputs(std::int64_t batch, std::int64_t queries, std::int64_t keys, std::int64_t heads,
              std::int64_t dim, at::ScalarType type = at::kFloat) {
  at::manual_seed(queries * 1000 + keys);
  auto const made = [&](std::int64_t rows) {
    return at::randn({batch, rows, heads, dim}).to(type);
  };
  return {made(queries), made(keys), made(keys), made(queries)};
}

std::vector<at::Tensor> exact(Inputs const& in, AttentionOptions const& options) {
  return test::attention_results(in.to(at::kDouble), options, Backend::matmul);
}

double error(at::Tensor const& actual, at::Tensor const& expected) {
  if (expected.numel() == 0) return 0;
  return (actual.to(at::kDouble) - expected).abs().max().item<double>();
}

/// No worse than twice the composite's error, and a few roundings of the largest value.
void check(Inputs const& in, AttentionOptions const& options = {}) {
  auto const expected = exact(in, options),
             fused = test::attention_results(in, options, Backend::fused),
             products = test::attention_results(in, options, Backend::matmul);
  char const* const names[] = {"out", "grad q", "grad k", "grad v"};
  static double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    double const ours = error(fused[i], expected[i]), theirs = error(products[i], expected[i]),
                 size = expected[i].numel() ? expected[i].abs().max().item<double>() : 0;
    double const allowed = 2 * theirs + 4e-7 * size;
    INFO(std::string(names[i]), " of q ", shape_text(in.q.sizes()), ", k ",
         shape_text(in.k.sizes()), ": ", ours, ", composite ", theirs);
    CHECK(fused[i].sizes() == expected[i].sizes());
    CHECK(ours <= allowed);
    if (size > 0) worst = std::max(worst, ours / size);
  }
  std::printf("fusion attention %s: largest error so far %.2g of the largest value\n",
              shape_text(in.q.sizes()).c_str(), worst);
}

std::string error_of(Inputs const& in, AttentionOptions const& options,
                     Backend backend = Backend::fused) {
  try {
    ops::fusion_attention(in.q, in.k, in.v, options, backend);
  } catch (Error const& e) {
    return e.what();
  }
  return "";
}

TEST_CASE("TF32 is asked for by the older and by the newer interface") {
  auto& context = at::globalContext();
  CHECK_FALSE(ops::tf32_allowed());
  context.setFloat32Precision(at::Float32Backend::CUDA, at::Float32Op::MATMUL,
                              at::Float32Precision::TF32);
  CHECK(ops::tf32_allowed());
  context.setFloat32Precision(at::Float32Backend::CUDA, at::Float32Op::MATMUL,
                              at::Float32Precision::IEEE);
  CHECK_FALSE(ops::tf32_allowed());
  context.setAllowTF32CuBLAS(true);
  CHECK(ops::tf32_allowed());
  context.setAllowTF32CuBLAS(false);
  CHECK_FALSE(ops::tf32_allowed());
}

}  // namespace

TEST_CASE("fusion attention: sizes odd and even, heads of any width") {
  for (std::int64_t keys : {1, 7, 17, 77, 128, 300})
    for (std::int64_t queries : {1, 19, 99}) check(inputs(1, queries, keys, 2, 64));
  for (std::int64_t dim : {1, 5, 12, 16, 32, 80, 128}) check(inputs(3, 19, 17, 2, dim));
  check(inputs(1, 676, 77, 8, 64));
  check(inputs(1, 1500, 17, 1, 16));  // three chunks
}

TEST_CASE("fusion attention: key lengths, among them none at all") {
  Inputs const in = inputs(3, 19, 17, 2, 32);
  check(in, {.lengths = at::tensor({0, 1, 17}, at::kInt)});
  at::Tensor const out =
      ops::fusion_attention(in.q, in.k, in.v, {.lengths = at::tensor({0, 1, 17}, at::kInt)});
  CHECK(out[0].abs().max().item<float>() == 0);
  CHECK(out[1].equal(in.v[1].slice(0, 0, 1).expand({19, 2, 32})));
}

TEST_CASE("fusion attention: strides of sliced and transposed tensors") {
  at::Tensor const packed = at::randn({2, 40, 3, 4, 16});
  Inputs const sliced{packed.select(2, 0), packed.slice(1, 3, 20).select(2, 1),
                      packed.slice(1, 3, 20).select(2, 2), at::randn({2, 40, 4, 16})};
  check(sliced);
  at::Tensor const heads_first = at::randn({2, 4, 40, 16}), columns = at::randn({2, 11, 16, 4});
  check({heads_first.transpose(1, 2), columns.transpose(2, 3), columns.transpose(2, 3),
         at::randn({2, 4, 40, 16}).transpose(1, 2)});
}

TEST_CASE("fusion attention: scale, large scores, double precision") {
  check(inputs(1, 19, 17, 2, 32), {.scale = 2.5});
  Inputs large = inputs(1, 33, 17, 1, 16);
  large.q *= 1e3;
  check(large);
  Inputs const in = inputs(2, 40, 33, 2, 16, at::kDouble);
  auto const expected = exact(in, {}), fused = test::attention_results(in, {}, Backend::fused);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(error(fused[i], expected[i]) < 1e-13);
}

TEST_CASE("fusion attention: half and bfloat16 are computed in float") {
  for (at::ScalarType type : {at::kHalf, at::kBFloat16}) {
    Inputs const in = inputs(2, 19, 17, 2, 32, type);
    auto const expected = exact(in, {}), fused = test::attention_results(in, {}, Backend::fused);
    double const rounding = type == at::kHalf ? 1.0 / 2048 : 1.0 / 256;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK((fused[i].scalar_type() == type));
      CHECK(error(fused[i], expected[i]) <= rounding * expected[i].abs().max().item<double>());
    }
  }
}

TEST_CASE("fusion attention: dropout keeps its share, and its gradients see the same mask") {
  AttentionOptions const options{.dropout = 0.25, .seed = 7, .offset = 3};
  check(inputs(2, 19, 17, 2, 16), options);
  // Against ones, the result is the sum of the kept weights.
  Inputs in = inputs(1, 676, 77, 4, 16);
  in.v = at::ones_like(in.v);
  at::Tensor const out = ops::fusion_attention(in.q, in.k, in.v, options);
  CHECK(std::abs(out.mean().item<double>() - 1) < 0.02);
  CHECK(out.std().item<double>() > 0.01);
  CHECK(out.equal(ops::fusion_attention(in.q, in.k, in.v, options)));
  CHECK_FALSE(out.equal(
      ops::fusion_attention(in.q, in.k, in.v, {.dropout = 0.25, .seed = 8, .offset = 3})));
}

TEST_CASE("fusion attention: the same bits every time, whatever the threads") {
  Inputs const in = inputs(2, 1100, 33, 3, 32);
  int const before = at::get_num_threads();
  at::set_num_threads(1);
  auto const once = test::attention_results(in, {}, Backend::fused);
  for (int threads : {2, 3}) {
    at::set_num_threads(threads);
    auto const again = test::attention_results(in, {}, Backend::fused);
    for (std::size_t i = 0; i < once.size(); ++i) CHECK(again[i].equal(once[i]));
  }
  at::set_num_threads(before);
}

TEST_CASE("fusion attention: every backend gives the same, or says why it cannot") {
  Inputs const in = inputs(2, 19, 17, 2, 32);
  AttentionOptions const options{.lengths = at::tensor({17, 5}, at::kInt)};
  auto const expected = exact(in, options);
  for (Backend backend : {Backend::fused, Backend::matmul, Backend::aten}) {
    auto const found = test::attention_results(in, options, backend);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(error(found[i], expected[i]) < 1e-5);
  }
  CHECK(error_of(in, options, Backend::cudnn).find("needs a GPU") != std::string::npos);
}

TEST_CASE("fusion attention: what is no number stays none, whatever the lengths") {
  Inputs const in = inputs(2, 3, 4, 2, 8);
  in.q[0][1].fill_(std::nan(""));
  for (Backend backend : {Backend::fused, Backend::matmul, Backend::aten})
    for (int const length : {0, 2, 4}) {
      AttentionOptions const options{.lengths = at::tensor({4, length}, at::kInt)};
      at::Tensor const out = ops::fusion_attention(in.q, in.k, in.v, options, backend);
      CHECK(out[0][1].isnan().all().item<bool>());
      CHECK(out.isnan().sum().item<std::int64_t>() == 2 * 8);
    }
}

TEST_CASE("fusion attention: what does not fit is told in one line") {
  Inputs const in = inputs(2, 19, 17, 2, 32);
  auto const says = [](std::string const& message, char const* words) {
    CHECK_MESSAGE(message.find(words) != std::string::npos, message);
    CHECK(message.find('\n') == std::string::npos);
  };
  says(error_of({in.q, in.k.slice(3, 0, 16), in.v, {}}, {}), "k [2, 17, 2, 16]");
  says(error_of({in.q[0], in.k, in.v, {}}, {}), "do not fit each other");
  says(error_of({in.q, in.k.to(at::kDouble), in.v, {}}, {}), "differ in type");
  says(error_of(in, {.lengths = at::tensor({17}, at::kInt)}), "shape [1]");
  says(error_of(in, {.lengths = at::tensor({17, 5}, at::kLong)}), "int32");
  says(error_of(in, {.dropout = 1}), "dropout");
  says(error_of(in, {.dropout = std::nan("")}), "dropout");
  at::Tensor const leaf = in.q.detach().requires_grad_(true);
  at::Tensor const out = ops::fusion_attention(leaf, in.k, in.v);
  CHECK_THROWS_WITH_AS(torch::autograd::grad({out}, {leaf}, {in.grad}, true, /*create_graph=*/true),
                       "the fused kernels have no second derivative: fusion_attention: choose "
                       "Backend::aten",
                       Error);
}
