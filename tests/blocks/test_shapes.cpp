// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "vlsm/metrics/overlap.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/nn/positions.hpp"
#include "vlsm/train/batch.hpp"

using namespace vlsm::test;

namespace {

at::Tensor ids(std::initializer_list<std::int64_t> values) {
  std::vector<std::int64_t> const list(values);
  return at::tensor(list).view({1, -1});
}

}  // namespace

TEST_CASE("shapes: what is no image for a vision transformer is told with its shape") {
  at::NoGradGuard const no_grad;
  vlsm::VisionTransformer<disk_vit> const vision;
  for (std::vector<std::int64_t> const& shape :
       std::vector<std::vector<std::int64_t>>{{},
                                              {32},
                                              {32, 32},
                                              {3, 32, 32},
                                              {1, 1, 32, 32},
                                              {1, 4, 32, 32},
                                              {1, 32, 32, 3},
                                              {0, 3, 32, 32},
                                              {1, 3, 7, 32},
                                              {1, 3, 32, 7},
                                              {1, 3, 0, 0},
                                              {1, 1, 3, 32, 32}})
    CHECK_ERROR(vision.forward(at::zeros(shape)), "the vision tower cannot see this image: ");
  CHECK_ERROR(vision.forward(at::zeros({1, 3, 7, 32})), "8 pixels");
}

TEST_CASE("shapes: images of other sizes than the position table's are seen") {
  at::NoGradGuard const no_grad;
  vlsm::VisionTransformer<disk_vit> const vision;
  CHECK(vision.forward(at::zeros({1, 3, 8, 8})).taps[0].size(1) == 1 + 1);
  CHECK(vision.forward(at::zeros({2, 3, 16, 64})).taps[0].size(1) == 1 + 2 * 8);
  CHECK(vision.forward(at::zeros({1, 3, 35, 39})).taps[0].size(1) == 1 + 4 * 4);
}

TEST_CASE("shapes: ids out of range and rows that are no ids are told") {
  at::NoGradGuard const no_grad;
  vlsm::ClipText<disk_text> const text;
  CHECK_ERROR(text.forward({ids({256, 258})}), "id 258");
  CHECK_ERROR(text.forward({ids({256, -1, 257})}), "id -1");
  CHECK_ERROR(text.forward({ids({std::int64_t{1} << 62})}), "id 4611686018427387904");
  CHECK_ERROR(text.forward({ids({std::numeric_limits<std::int64_t>::min()})}),
              "outside the vocabulary");
  CHECK_ERROR(text.forward({at::zeros({3}, at::kLong)}), "pass int64 ids as [B, L]");
  CHECK_ERROR(text.forward({at::zeros({1, 0}, at::kLong)}), "shape [1, 0]");
  CHECK_ERROR(text.forward({at::zeros({0, 3}, at::kLong)}), "shape [0, 3]");
  CHECK_ERROR(text.forward({at::zeros({1, 1, 3}, at::kLong)}), "shape [1, 1, 3]");
  CHECK_ERROR(text.forward({at::zeros({1, 3})}), "Float");
}

TEST_CASE("shapes: prompts end at their end token and may not reach beyond the positions") {
  at::NoGradGuard const no_grad;
  vlsm::ClipText<disk_text> const text;
  at::Tensor const plain = text.forward({ids({256, 65, 257})}).sentence;
  CHECK(at::allclose(text.forward({ids({256, 65, 257, 12, 13})}).sentence, plain));
  CHECK(at::allclose(text.forward({at::tensor({256, 65, 257}, at::kInt).view({1, 3})}).sentence,
                     plain));
  at::Tensor row = at::full({1, 77}, 65, at::kLong);
  row[0][76] = 257;
  CHECK(text.forward({row}).words.size(1) == 77);
  row = at::full({1, 78}, 65, at::kLong);
  row[0][77] = 257;
  CHECK_ERROR(text.forward({row}), "78 tokens: cut prompts to 77");
  CHECK(text.forward({at::full({1, 500}, 65, at::kLong)}).words.size(1) == 1);
}

TEST_CASE("shapes: one image meets many prompts and many images meet one") {
  at::NoGradGuard const no_grad;
  vlsm::Segmenter<DiskSeg> const model;
  at::Tensor const prompts =
      at::tensor({256, 65, 257, 256, 66, 257, 256, 67, 257}, at::kLong).view({3, 3});
  CHECK(model.forward(at::zeros({1, 3, 32, 32}), {prompts}).sizes() ==
        at::IntArrayRef{3, 1, 32, 32});
  CHECK(model.forward(at::zeros({3, 3, 32, 32}), {prompts.slice(0, 0, 1)}).sizes() ==
        at::IntArrayRef{3, 1, 32, 32});
  CHECK(model.forward(at::zeros({3, 3, 32, 32}), {prompts}).sizes() ==
        at::IntArrayRef{3, 1, 32, 32});
  CHECK_ERROR(model.forward(at::zeros({2, 3, 32, 32}), {prompts}), "2 pictures meet 3 prompts");
}

TEST_CASE("shapes: a linear layer gives some of its rows, with a bias or without") {
  at::NoGradGuard const no_grad;
  at::Tensor const x = at::randn({2, 5});
  for (bool const bias : {true, false}) {
    vlsm::Linear const layer(5, 7, bias);
    CHECK(layer.rows(x, 2, 3).allclose(layer.forward(x).slice(1, 2, 5), 1e-6, 1e-6));
  }
}

TEST_CASE("shapes: positions of 16 bits are those of float32, rounded once") {
  at::Tensor const exact = vlsm::sine_positions(60, 50, 512, at::TensorOptions(at::kFloat));
  for (at::ScalarType const type : {at::kHalf, at::kBFloat16}) {
    at::Tensor const rounded = vlsm::sine_positions(60, 50, 512, at::TensorOptions(type));
    CHECK((rounded.scalar_type() == type));
    CHECK(rounded.equal(exact.to(type)));
  }
}

TEST_CASE("shapes: empty prompts and prompts of different lengths make one batch") {
  vlsm::Tokens const tokens = vlsm::tokenize({"", "abc"}, encode_bytes, {.id = 257});
  CHECK(tokens.ids.equal(
      at::tensor({256, 257, 257, 257, 257, 256, 97, 98, 99, 257}, at::kLong).view({2, 5})));
}

TEST_CASE("shapes: scores of masks of different shapes are refused") {
  CHECK_ERROR(vlsm::dice_score(at::zeros({1, 1, 4, 4}), at::zeros({1, 1, 4, 5})), "shape");
  CHECK_ERROR(vlsm::iou_score(at::zeros({1, 1, 4, 4}), at::zeros({2, 1, 4, 4})), "shape");
}

namespace {

/// A tower that pools pictures to sentences' width, and a fusion that reads both.
struct PoolingVit : vlsm::VisionTransformer<disk_vit> {
  static constexpr vlsm::FeatureSpec out = [] {
    vlsm::FeatureSpec taps = vlsm::VisionTransformer<disk_vit>::out;
    taps.pooled = disk_text.sentence;
    return taps;
  }();
  vlsm::ImageFeatures forward(at::Tensor const& image) const {
    vlsm::ImageFeatures seen = vlsm::VisionTransformer<disk_vit>::forward(image);
    seen.pooled = seen.taps[0].mean(1);
    return seen;
  }
};
template <vlsm::FeatureSpec image_port = vlsm::FeatureSpec{},
          vlsm::TextSpec text_port = vlsm::TextSpec{}>
class PooledFilm : public vlsm::Film<vlsm::FilmConfig{.width = 16}, image_port, text_port> {
  using Base = vlsm::Film<vlsm::FilmConfig{.width = 16}, image_port, text_port>;

 public:
  template <vlsm::FeatureSpec image, vlsm::TextSpec text>
  using At = PooledFilm<image, text>;
  vlsm::ImageFeatures forward(vlsm::ImageFeatures const& seen,
                              vlsm::TextFeatures const& said) const {
    vlsm::TextFeatures both = said;
    both.sentence = at::stack({seen.pooled, said.sentence}).mean(0);
    return Base::forward(seen, both);
  }
};
struct Pooling : DiskSeg {
  using Vision = PoolingVit;
  using Fusion = PooledFilm<>;
};

}  // namespace

TEST_CASE("shapes: what a picture is pooled to meets many prompts, too") {
  at::NoGradGuard const no_grad;
  vlsm::Segmenter<Pooling> const model;
  at::Tensor const image = at::randn({1, 3, 32, 32}),
                   prompts = at::tensor({256, 65, 257, 256, 66, 257}, at::kLong).view({2, 3});
  at::Tensor const both = model.forward(image, {prompts});
  for (std::int64_t i : {0, 1})
    CHECK(both.slice(0, i, i + 1)
              .allclose(model.forward(image, {prompts.slice(0, i, i + 1)}), 1e-4, 1e-5));
}

TEST_CASE("shapes: a head that enlarges by a factor ends where the last whole cell does") {
  at::NoGradGuard const no_grad;
  vlsm::Segmenter<DiskSeg> const model;
  CHECK(model.forward(at::zeros({1, 3, 35, 39}), {ids({256, 257})}).sizes() ==
        at::IntArrayRef{1, 1, 32, 32});
}
