// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "support/tiny_cris.hpp"
#include "vlsm/fusion/cross_attention.hpp"
#include "vlsm/fusion/film_skips.hpp"
#include "vlsm/vision/resnet.hpp"

namespace {

using namespace vlsm;

constexpr CrossAttentionConfig attention{.width = 8, .heads = 2};
constexpr TextSpec text{.sentence = 5, .words = 6};
constexpr FeatureSpec tokens = FeatureSpec::alike(2, 12, 16, Layout::tokens, 1);
constexpr FeatureSpec maps{.count = 2, .layout = Layout::map, .width = {4, 12}, .stride = {8, 16}};

/// Taps of a 32 x 48 picture: not square, so that height and width cannot be mixed up unseen.
ImageFeatures see(FeatureSpec const& port) {
  ImageFeatures seen{.taps = {}, .pooled = {}, .image = at::zeros({2, 3, 32, 48})};
  for (int i = 0; i < port.count; ++i) {
    std::int64_t const h = 32 / port.stride[i], w = 48 / port.stride[i];
    seen.taps.push_back(port.layout == Layout::map ? at::randn({2, port.width[i], h, w})
                                                   : at::randn({2, 1 + h * w, port.width[i]}));
  }
  return seen;
}

TEST_CASE("CrossAttention does not look at padding") {
  at::manual_seed(1);
  CrossAttention<attention, maps, text> block;
  at::NoGradGuard const no_grad;
  ImageFeatures const seen = see(maps);
  TextFeatures said{
      .sentence = {}, .words = at::randn({2, 3, 6}), .padding = at::zeros({2, 3}, at::kBool)};
  said.padding[1][2].fill_(true);
  at::Tensor const before = block.forward(seen, said).taps[1].clone();
  said.words[1][2].fill_(7);  // a pad
  CHECK(block.forward(seen, said).taps[1].equal(before));
  said.words[0][2].fill_(7);  // a word
  at::Tensor const after = block.forward(seen, said).taps[1];
  CHECK(after[1].equal(before[1]));
  CHECK_FALSE(after[0].equal(before[0]));
}

TEST_CASE("pads may stand between the words") {
  at::manual_seed(1);
  Attention const layer(AttentionConfig{.width = 8, .heads = 2});
  at::NoGradGuard const no_grad;
  at::Tensor const query = at::randn({2, 5, 8}), key = at::randn({2, 4, 8}),
                   value = at::randn({2, 4, 8}),
                   padding = at::tensor({1, 0, 1, 0, 0, 1, 0, 0}).view({2, 4}).to(at::kBool);
  CHECK(at::allclose(layer.cross_attend(query, OrderedWords(key, value, padding), Backend::fused),
                     layer.forward(query, key, value, padding), 1e-5, 1e-6));
}

TEST_CASE("CrossAttention makes the same of tokens and of maps") {
  constexpr FeatureSpec as_cells = [] {
    FeatureSpec port = tokens;
    port.class_tokens = 0;
    return port;
  }();
  constexpr FeatureSpec as_maps = FeatureSpec::alike(2, 12, 16, Layout::map);
  at::manual_seed(1);
  CrossAttention<attention, as_cells, text> one;
  at::manual_seed(1);
  CrossAttention<attention, as_maps, text> other;
  at::NoGradGuard const no_grad;
  ImageFeatures const seen = see(as_maps);
  ImageFeatures cells = seen;
  for (at::Tensor& tap : cells.taps) tap = tap.flatten(2).transpose(1, 2);
  TextFeatures const said{.sentence = {}, .words = at::randn({2, 3, 6}), .padding = {}};
  ImageFeatures const expected = one.forward(cells, said), actual = other.forward(seen, said);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(actual.taps[i].sizes() == at::IntArrayRef({2, 8, 2, 3}));
    CHECK(at::allclose(actual.taps[i].flatten(2).transpose(1, 2), expected.taps[i], 1e-5, 1e-6));
  }
}

TEST_CASE("TextFpn takes maps of any size, of a tower that rounds sides up, too") {
  constexpr ResNetConfig stages{
      .block = Residual::basic, .layers = {1, 1, 1, 1}, .taps = {2, 3, 4}, .count = 3};
  struct OnResNet : test::TinyCris {
    using Vision = ResNet<stages>;
  };
  at::NoGradGuard const no_grad;
  Segmenter<OnResNet> const model;
  for (auto const& [height, width] : {std::pair{96, 96}, {64, 72}, {65, 67}, {33, 47}})
    CHECK(model
              .forward(at::randn({1, 3, height, width}),
                       {at::tensor({3, 4, 499}).unsqueeze(0).to(at::kLong)})
              .sizes() == at::IntArrayRef({1, 1, height, width}));
}

TEST_CASE("FilmSkips scales by 1 plus what it makes of the sentence, and shifts") {
  at::manual_seed(1);
  FilmSkips<FilmSkipsConfig{}, maps, text> block;
  at::NoGradGuard const no_grad;
  ImageFeatures const seen = see(maps);
  TextFeatures const said{.sentence = at::randn({2, 5}), .words = {}, .padding = {}};
  for (at::Tensor parameter : block.parameters()) parameter.zero_();
  ImageFeatures const same = block.forward(seen, said);
  for (std::size_t i = 0; i < 2; ++i) CHECK(same.taps[i].equal(seen.taps[i]));

  auto parameters = block.named_parameters();
  parameters["scale.1.bias"].fill_(2);
  parameters["shift.0.bias"].fill_(3);
  ImageFeatures const moved = block.forward(seen, said);
  CHECK(moved.taps[0].equal(seen.taps[0] + 3));
  CHECK(moved.taps[1].equal(3 * seen.taps[1]));
}

}  // namespace
