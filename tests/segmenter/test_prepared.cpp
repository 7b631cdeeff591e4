// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>

#include <cstdint>
#include <thread>
#include <vector>

#include "blocks/adapted.hpp"
#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "support/small_models.hpp"
#include "support/tiny_biomedclipseg.hpp"
#include "support/tiny_clipseg.hpp"
#include "support/used_model.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

// A prepared model gives the same logits: of every kind, with norms that have seen something, with
// low-rank changes that change something, at other sizes and batches than the recipe's.
namespace {

using namespace vlsm;
using test::Input;
using test::input;
using test::used;

double error_of(at::Tensor const& ours, at::Tensor const& reference) {
  REQUIRE(ours.sizes() == reference.sizes());
  REQUIRE((ours.scalar_type() == at::kFloat));
  return ((ours - reference).abs().max() / reference.std()).item<double>();
}

#define EVERY_MODEL                                                                                \
  test::TinyA, test::TinyB, test::TinyCris, test::AdaptedCris, test::SmallUnet, test::SmallUnetpp, \
      test::SmallDeepLab, test::Dense, test::Shallow, test::LowRanks

TEST_CASE_TEMPLATE("a prepared model gives the same logits, whatever the size", A, EVERY_MODEL) {
  at::NoGradGuard const no_grad;
  auto const plain = used<A>(), prepared = used<A>(), rounded = used<A>(), pairs = used<A>(),
             bytes = used<A>();
  prepare(*prepared);
  prepare(*rounded, {.precision = Precision::bf16});
  // What a CPU without instructions for pairs would not choose.
  pairs->prepare({.operand = ops::Operand::bf16});
  prepare(*bytes, {.precision = Precision::int8});
  constexpr std::int64_t side = A::recipe.image;
  double largest = 0, largest_rounded = 0, largest_pairs = 0, largest_bytes = 0;
  for (auto const [batch, height, width] :
       {std::array{1l, side, side}, {3l, side, side}, {2l, side, 2 * side}, {1l, side, side}}) {
    Input const in = input<A>(batch, height, width);
    at::Tensor const expected = plain->forward(in.image, in.tokens);
    largest = std::max(largest, error_of(prepared->forward(in.image, in.tokens), expected));
    auto const compare = [&](auto const& model, double& worst) {
      worst = std::max(worst, error_of(model.forward(in.image, in.tokens), expected));
    };
    compare(*rounded, largest_rounded);
    compare(*pairs, largest_pairs);
    compare(*bytes, largest_bytes);
  }
  std::printf("largest difference %.2g of std, in bf16 %.2g, by pairs %.2g, in int8 %.2g\n",
              largest, largest_rounded, largest_pairs, largest_bytes);
  CHECK(largest < 1e-4);
  CHECK(largest_rounded < 0.5);
  CHECK(largest_rounded > 1e-4);  // or it was not bf16
  CHECK(largest_pairs < 0.5);
  CHECK(largest_pairs > 1e-6);
  CHECK(largest_bytes < 1);
  CHECK(largest_bytes > 1e-6);
}

TEST_CASE_TEMPLATE("the number of threads changes no bit of a prepared model", A, EVERY_MODEL) {
  at::NoGradGuard const no_grad;
  int const before = at::get_num_threads();
  for (Precision const precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
    auto const prepared = used<A>();
    prepare(*prepared, {.precision = precision});
    Input const in = input<A>(2, A::recipe.image, A::recipe.image);
    at::set_num_threads(1);
    at::Tensor const one = prepared->forward(in.image, in.tokens);
    at::set_num_threads(2);
    at::Tensor const two = prepared->forward(in.image, in.tokens);
    at::set_num_threads(before);
    CHECK(one.equal(two));
  }
}

TEST_CASE("a precision has a name, and other names are refused with those that there are") {
  for (Precision const precision : {Precision::fp32, Precision::bf16, Precision::int8})
    CHECK(parse_precision(name_of(precision)) == precision);
  for (char const* name : {"", "fp64", "BF16", "bf16 "})
    CHECK(test::error_of([&] { parse_precision(name); }).find("choose one of fp32, bf16, int8") !=
          std::string::npos);
}

TEST_CASE("threads may share a prepared model, its first pictures too") {
  auto const prepared = used<test::SmallUnet>();
  prepare(*prepared);
  at::Tensor results[2];
  Input const in = input<test::SmallUnet>(1, 64, 64);
  auto const run = [&](int which) {
    at::NoGradGuard const no_grad;
    for (int i = 0; i < 3; ++i) results[which] = prepared->forward(in.image, in.tokens);
  };
  std::thread other([&] { run(1); });
  run(0);
  other.join();
  CHECK(results[0].equal(results[1]));
}

TEST_CASE("packed copies replace the weights, and a model is prepared once") {
  auto const prepared = used<test::TinyA>();
  auto const numbers = [&] {
    std::int64_t count = 0;
    for (at::Tensor const& parameter : prepared->parameters()) count += parameter.numel();
    return count;
  };
  std::int64_t const before = numbers();
  prepare(*prepared);
  std::int64_t const after = numbers();
  CHECK(after < before / 2);  // embeddings, positions and norms stay
  at::NoGradGuard const no_grad;
  Input const in = input<test::TinyA>(1, 64, 64);
  at::Tensor const once = prepared->forward(in.image, in.tokens);
  prepare(*prepared);
  CHECK(numbers() == after);
  CHECK(prepared->forward(in.image, in.tokens).equal(once));
}

TEST_CASE("a packed dense layer refuses rows of another length, and adds as the plain one does") {
  using Shape = std::vector<std::int64_t>;
  at::NoGradGuard const no_grad;
  at::Tensor const weight = at::randn({8, 32}), bias = at::randn({8}), x = at::randn({4, 32});
  for (at::ScalarType const type : {at::kFloat, at::kBFloat16}) {
    ops::PackedLinear const packed(weight, bias, type);
    at::Tensor const rows = x.to(type), plain = at::linear(rows, weight.to(type), bias.to(type));
    double const allowed = type == at::kFloat ? 1e-5 : 0.2;
    for (Shape const& shape : {Shape{24}, {4, 24}, {4, 40}, {0, 24}, {}})
      CHECK_THROWS_AS(packed.run(at::randn(shape, rows.options())), Error);
    for (Shape const& shape : {Shape{4, 8}, {8}, {1, 8}, {4, 1}, {2, 4, 8}}) {
      at::Tensor const residual = at::randn(shape, rows.options()),
                       found = packed.plus(rows, residual, kernels::Epilogue::relu),
                       wanted = at::relu(plain + residual);
      REQUIRE(found.sizes() == wanted.sizes());
      CHECK((found - wanted).abs().max().item<double>() < allowed);
    }
  }
}

TEST_CASE("a prepared model neither trains nor is it saved or loaded") {
  auto const prepared = used<test::TinyA>();
  test::TempDir const folder;
  io::save(*prepared, folder / "weights.safetensors");
  prepare(*prepared);
  auto const refused = [](auto&& action) {
    return test::error_of(action).starts_with("a model that was prepared for inference");
  };
  CHECK(refused([&] { prepared->train(); }));
  Input const in = input<test::TinyA>(1, 64, 64);
  CHECK_FALSE(prepared->forward(in.image, in.tokens).requires_grad());
  CHECK(refused([&] { prepared->forward(in.image.detach().requires_grad_(), in.tokens); }));
  ImageFeatures seen = prepared->encode_image(in.image);
  seen.taps[0] = seen.taps[0].detach().requires_grad_();
  CHECK(refused([&] { prepared->segment(seen, prepared->encode_text(in.tokens)); }));
  CHECK(refused(
      [&] { fit(*prepared, test::Disks(2), test::Disks(2), test::encode_bytes, {.epochs = 1}); }));
  CHECK(refused([&] { io::save(*prepared, folder / "again.safetensors"); }));
  CHECK_FALSE(std::filesystem::exists(folder / "again.safetensors"));
  CHECK(refused([&] { io::load(*prepared, folder / "weights.safetensors"); }));
}

TEST_CASE("a prepared model is prepared through its run-time form, too") {
  at::NoGradGuard const no_grad;
  auto model = any_segmenter<test::TinyA>();
  Input const in = input<test::TinyA>(1, 64, 64);
  at::Tensor const before = model->forward(in.image, in.tokens);
  prepare(*model);
  CHECK(error_of(model->forward(in.image, in.tokens), before) < 1e-4);
}

TEST_CASE("nor is one of which a part is prepared, and it evaluates") {
  auto const partly = used<test::TinyA>();
  partly->train();
  prepare(*partly->vision);
  test::TempDir const folder;
  auto const refused = [](auto&& action) {
    return test::error_of(action).starts_with("a model that was prepared for inference");
  };
  CHECK(refused([&] { partly->train(); }));
  CHECK(refused([&] { io::save(*partly, folder / "weights.safetensors"); }));
  CHECK(std::filesystem::is_empty(folder.path()));
  io::save(*used<test::TinyA>(), folder / "whole.safetensors");
  CHECK(refused([&] { io::load(*partly, folder / "whole.safetensors"); }));
  CHECK(evaluate(*partly, test::Disks(2), test::encode_bytes).scores.size() == 2);
  CHECK_FALSE(partly->is_training());
}

/// Pictures less a mean, then a product with weights of its own.
struct Centered : test::TinyA {
  struct Vision : test::TinyA::Vision {
    at::Tensor mean = buffer("mean", at::full({3, 1, 1}, 0.25));
    at::Tensor mix = normal("mix", {3, 3}, 1);
    ImageFeatures forward(at::Tensor const& image) const {
      at::Tensor const pixels = (image - mean).permute({0, 2, 3, 1});
      return test::TinyA::Vision::forward(at::matmul(pixels, mix).permute({0, 3, 1, 2}));
    }
  };
};

TEST_CASE("the buffers of a block of one's own meet what it computes, in bf16 and of float64") {
  at::NoGradGuard const no_grad;
  auto const plain = used<Centered>(), rounded = used<Centered>(), wide = used<Centered>();
  rounded->prepare({.type = at::kBFloat16});
  wide->to(at::kDouble);
  prepare(*wide);
  Input const in = input<Centered>(2, 64, 64);
  at::Tensor const expected = plain->forward(in.image, in.tokens);
  CHECK(error_of(rounded->forward(in.image, in.tokens), expected) < 0.5);
  CHECK(error_of(wide->forward(in.image, in.tokens), expected) < 1e-4);
}

}  // namespace
