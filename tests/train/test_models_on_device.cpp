// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <memory>

#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "support/noise.hpp"
#include "support/resumed.hpp"
#include "support/small_models.hpp"
#include "support/tiny_biomedclipseg.hpp"
#include "support/tiny_clipseg.hpp"
#include "support/used_model.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/segmenter/graphed.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/train/feature_cache.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/generators.hpp"

// What a model and its training promise, on a GPU: of every model at a small size.
#define VLSM_NEEDS_DEVICE() \
  if (!at::hasCUDA()) VLSM_SKIP("no device")

namespace {

using namespace vlsm;
using test::AdaptedCris, test::SmallDeepLab, test::SmallUnet, test::SmallUnetpp;
using test::differences, test::encode, test::Noise, test::noise_options, test::seeded;

#define EVERY_MODEL                                                                              \
  test::TinyA, test::TinyB, test::TinyBiomed, test::TinyCris, test::TinyCrisPadded, AdaptedCris, \
      ClipSegTiny, SmallUnet, SmallUnetpp, SmallDeepLab

/// float32 means float32 in cuBLAS and cuDNN, too, and the same bits each time.
void exactly() {
  deterministic();
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);
}

template <class A>
std::unique_ptr<Segmenter<A>> seeded_on_gpu() {
  auto model = seeded<A>();
  model->to(at::kCUDA);
  return model;
}

TEST_CASE_TEMPLATE("on a device: a model computes what it does on a CPU, prepared, too", A,
                   EVERY_MODEL) {
  VLSM_NEEDS_DEVICE();
  exactly();
  at::NoGradGuard const no_grad;
  auto const here = test::used<A>(), there = test::used<A>(), prepared = test::used<A>(),
             rounded = test::used<A>();
  for (auto const& model : {there.get(), prepared.get(), rounded.get()}) model->to(at::kCUDA);
  prepare(*prepared);
  prepare(*rounded, {.precision = Precision::bf16});
  double largest = 0, largest_rounded = 0;
  constexpr std::int64_t side = A::recipe.image;
  for (auto const [batch, height, width] :
       {std::array{1l, side, side}, {3l, side, side}, {2l, side, 2 * side}}) {
    test::Input const in = test::input<A>(batch, height, width);
    at::Tensor const expected = here->forward(in.image, in.tokens);
    auto const error = [&](Segmenter<A>& model) {
      Tokens tokens = in.tokens;
      if (tokens.ids.defined()) tokens.ids = tokens.ids.to(at::kCUDA);
      at::Tensor const logits = model.forward(in.image.to(at::kCUDA), tokens);
      REQUIRE((logits.scalar_type() == at::kFloat));
      return ((logits.cpu() - expected).abs().max() / expected.std()).template item<double>();
    };
    largest = std::max({largest, error(*there), error(*prepared)});
    largest_rounded = std::max(largest_rounded, error(*rounded));
  }
  std::printf("largest difference %.2g of std, in bf16 %.2g\n", largest, largest_rounded);
  CHECK(largest < 1e-4);
  CHECK(largest_rounded < 0.5);
  CHECK(largest_rounded > 1e-4);  // or it was not bf16
}

#ifdef VLSM_KERNELS
TEST_CASE_TEMPLATE("on a device: a replayed pass is the model's, of each shape", A, EVERY_MODEL) {
  VLSM_NEEDS_DEVICE();
  at::NoGradGuard const no_grad;
  SegmenterView<A> model(test::used<A>());
  model.module().to(at::kCUDA);
  prepare(model, {.precision = Precision::bf16});
  GraphedSegmenter graphed(model, 2);
  constexpr std::int64_t side = A::recipe.image;
  double largest = 0;
  for (auto const [batch, height, width] : {std::array{1l, side, side},
                                            {3l, side, side},
                                            {1l, side, side},
                                            {2l, side, 2 * side},
                                            {3l, side, side}}) {
    test::Input in = test::input<A>(batch, height, width);
    for (int turn = 0; turn < 2; ++turn, in.image.mul_(0.5)) {
      Tokens there = in.tokens;
      if (there.ids.defined()) there.ids = there.ids.to(at::kCUDA);
      at::Tensor const expected = model.forward(in.image.to(at::kCUDA), there),
                       found = graphed.forward(in.image, in.tokens);
      largest = std::max(largest,
                         ((found - expected).abs().max() / expected.std()).template item<double>());
    }
  }
  std::printf("largest difference %.2g of std\n", largest);
  CHECK(largest < 2e-2);  // uncut prompts round otherwise
  if constexpr (A::Text::vocabulary > 0) {
    test::Input in = test::input<A>(1, side, side);
    in.tokens.ids.fill_(A::Text::vocabulary);
    CHECK(test::error_of([&] { graphed.forward(in.image, in.tokens); }).find("outside the voc") !=
          std::string::npos);
  }
}
#endif

TEST_CASE_TEMPLATE("on a device: a training's losses are those of a CPU", A, EVERY_MODEL) {
  VLSM_NEEDS_DEVICE();
  exactly();
  // Dropout draws other numbers there: only what has none is compared.
  auto const here = seeded<A>(), there = seeded_on_gpu<A>();
  auto const losses = [](Segmenter<A>& model) {
    return fit(model, Noise<A>(6), Noise<A>(2), encode<A>, noise_options({}, 2));
  };
  auto const expected = losses(*here), found = losses(*there);
  bool const draws = std::is_same_v<A, SmallDeepLab> || std::is_base_of_v<Cris, A>;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    std::printf("loss %.6f, on the device %.6f\n", expected[i].train_loss, found[i].train_loss);
    CHECK(found[i].train_loss ==
          doctest::Approx(expected[i].train_loss).epsilon(draws ? 0.2 : 2e-3));
  }
}

// Those of a size at which LibTorch parts a sum, too.
TEST_CASE_TEMPLATE("on a device: a resumed run ends with the same bits as an unbroken one", A,
                   EVERY_MODEL, ClipSegSmall, CrisSmall) {
  VLSM_NEEDS_DEVICE();
  exactly();
  test::check_resumed<A>(at::kCUDA, 1e-2);
}

TEST_CASE_TEMPLATE("on a device: frozen slots keep every parameter and every buffer", A,
                   EVERY_MODEL) {
  VLSM_NEEDS_DEVICE();
  for (Precision const precision : {Precision::fp32, Precision::bf16}) {
    auto const model = seeded_on_gpu<A>(), before = seeded_on_gpu<A>();
    freeze(*model->vision);
    freeze(*model->text);
    FitOptions made = noise_options({}, 2);
    made.precision = precision;
    made.features = std::make_shared<FeatureCache>(FeatureCacheOptions{.memory = 1 << 30});
    fit(*model, Noise<A>(7), Noise<A>(2), encode<A>, made);
    CHECK(differences(*model->vision, *before->vision) == std::vector<std::string>{});
    CHECK(differences(*model->text, *before->text) == std::vector<std::string>{});
    CHECK(!differences(*model->decoder, *before->decoder).empty());
  }
}

TEST_CASE("on a device: bf16 learns what float32 learns") {
  VLSM_NEEDS_DEVICE();
  double best[2] = {};
  for (Precision const precision : {Precision::fp32, Precision::bf16}) {
    at::manual_seed(1);
    Segmenter<test::DiskSeg> model;
    model.to(at::kCUDA);
    FitOptions made = noise_options({}, 40);
    made.batch = 8;
    made.optimizer = {.learning_rate = 2e-3, .clip = 1};
    made.precision = precision;
    for (Epoch const& epoch :
         fit(model, test::Disks(64), test::Disks(32, 1000), test::encode_bytes, made))
      best[precision == Precision::bf16] =
          std::max(best[precision == Precision::bf16], epoch.val_dice);
  }
  std::printf("best validation Dice: float32 %.3f, bf16 %.3f\n", best[0], best[1]);
  CHECK(best[0] > 0.9);
  CHECK(best[1] > best[0] - 0.03);
}

}  // namespace
