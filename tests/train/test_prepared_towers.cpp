// SPDX-License-Identifier: MIT
#include "blocks/adapted.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/small_models.hpp"
#include "support/tiny_biomedclipseg.hpp"
#include "support/tiny_clipseg.hpp"
#include "support/used_model.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/frozen_towers.hpp"
#include "vlsm/train/optimizer.hpp"

// Frozen towers run as `prepare` makes them, and the model beside them stays as it is.
namespace {

using namespace vlsm;
using test::used;

/// All that a model holds, by value.
template <class A>
std::vector<at::Tensor> state_of(Segmenter<A> const& model) {
  std::vector<at::Tensor> values;
  for (at::Tensor const& one : model.parameters()) values.push_back(one.detach().clone());
  for (at::Tensor const& one : model.buffers()) values.push_back(one.clone());
  return values;
}

bool same(std::vector<at::Tensor> const& a, std::vector<at::Tensor> const& b) {
  return std::ranges::equal(a, b, [](at::Tensor const& x, at::Tensor const& y) {
    return x.scalar_type() == y.scalar_type() && x.equal(y);
  });
}

template <class A>
Batch batch_of(test::Input const& in) {
  Batch batch;
  batch.image = in.image;
  for (at::Tensor const& row : in.tokens.ids.unbind())
    batch.ids.emplace_back(row.template const_data_ptr<std::int64_t>(),
                           row.template const_data_ptr<std::int64_t>() + row.numel());
  return batch;
}

TEST_CASE_TEMPLATE("what frozen towers write is what a prepared model's write", A, test::TinyA,
                   test::TinyB, test::TinyCris, test::AdaptedCris, test::Dense, test::Shallow,
                   test::LowRanks) {
  for (Precision const precision : {Precision::fp32, Precision::bf16}) {
    auto const model = used<A>(), prepared = used<A>();
    freeze_encoders(*model);
    prepared->eval();
    prepared->prepare({.type = precision == Precision::bf16 ? at::kBFloat16 : at::kFloat});
    auto const before = state_of(*model);
    test::Input const in = test::input<A>(3, A::recipe.image, A::recipe.image);
    SegmenterView<A> const view(*model);
    at::manual_seed(7);
    FrozenTowers const towers(view, precision, nullptr);
    at::Tensor const drawn = at::rand({4});
    at::manual_seed(7);
    CHECK(drawn.equal(at::rand({4})));
    std::optional<RoundedWeights> rounded;  // as in a training: the towers read none of these
    if (precision == Precision::bf16) rounded.emplace(*model);
    Batch const batch = batch_of<A>(in);
    at::Tensor const image = precision == Precision::bf16 ? in.image.to(at::kBFloat16) : in.image;
    ImageFeatures const seen = towers.encode_image(batch, image);
    TextFeatures const said = towers.encode_text(batch);
    at::NoGradGuard const no_grad;
    for (std::int64_t i = 0; i < 3; ++i) {
      ImageFeatures const alone = prepared->encode_image(in.image.narrow(0, i, 1));
      for (std::size_t tap = 0; tap < alone.taps.size(); ++tap)
        CHECK(seen.taps[tap].narrow(0, i, 1).equal(alone.taps[tap]));
      std::vector<std::vector<std::int64_t>> const row{batch.ids[static_cast<std::size_t>(i)]};
      TextFeatures const read = prepared->encode_text(pad_ids(row, view.info.pad_to));
      CHECK(said.sentence.narrow(0, i, 1).equal(read.sentence));
    }
    rounded.reset();
    CHECK(same(state_of(*model), before));
    CHECK_FALSE(is_prepared(*model));
    CHECK_FALSE(is_prepared(*model->vision));
    model->train();  // and it trains on, its towers too
    for (at::Tensor& parameter : model->parameters()) parameter.requires_grad_(true);
    at::AutoGradMode const with_gradients(true);
    CHECK(FrozenTowers(view, precision, nullptr).encode_text(batch).sentence.requires_grad());
  }
}

/// A tower that was given more than its type says.
struct Grown : test::TinyA {
  struct Vision : test::TinyA::Vision {
    at::Tensor shift;
    void grow() { shift = register_parameter("shift", at::ones({1}), false); }
    ImageFeatures forward(at::Tensor const& image) const {
      return test::TinyA::Vision::forward(shift.defined() ? image + shift : image);
    }
  };
};

TEST_CASE("a tower that is not what its type starts with runs itself") {
  auto const model = used<Grown>();
  test::Input const in = test::input<Grown>(2, 64, 64);
  freeze_encoders(*model);
  SegmenterView<Grown> const view(*model);
  ImageFeatures const plain =
      FrozenTowers(view, Precision::fp32, nullptr).encode_image(batch_of<Grown>(in), in.image);
  model->vision->grow();
  ImageFeatures const grown =
      FrozenTowers(view, Precision::fp32, nullptr).encode_image(batch_of<Grown>(in), in.image);
  at::NoGradGuard const no_grad;
  CHECK(at::allclose(grown.taps[0], model->encode_image(in.image).taps[0], 1e-4, 1e-4));
  CHECK_FALSE(at::allclose(grown.taps[0], plain.taps[0], 1e-4, 1e-4));
}

TEST_CASE("a tower in float64 runs itself") {
  auto const model = used<test::TinyA>();
  model->to(at::kDouble);
  freeze_encoders(*model);
  test::Input const in = test::input<test::TinyA>(2, 64, 64);
  SegmenterView<test::TinyA> const view(*model);
  at::Tensor const image = in.image.to(at::kDouble);
  ImageFeatures const seen =
      FrozenTowers(view, Precision::fp32, nullptr).encode_image(batch_of<test::TinyA>(in), image);
  CHECK((seen.taps[0].scalar_type() == at::kDouble));
  CHECK(at::allclose(seen.taps[0], model->encode_image(image).taps[0], 1e-10, 1e-10));
}

}  // namespace
