// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/noise.hpp"
#include "support/resumed.hpp"
#include "support/small_models.hpp"
#include "support/tiny_biomedclipseg.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/freeze.hpp"

// What a training promises, of every model at a small size: those with dropout and with batch norms
// are the ones that break it.
namespace {

using namespace vlsm;
using test::AdaptedCris, test::SmallDeepLab, test::SmallUnet, test::SmallUnetpp;
using test::differences, test::encode, test::Noise, test::noise_options, test::seeded;

#define EVERY_MODEL                                                                              \
  test::TinyA, test::TinyB, test::TinyBiomed, test::TinyCris, test::TinyCrisPadded, AdaptedCris, \
      ClipSegTiny, SmallUnet, SmallUnetpp, SmallDeepLab

TEST_CASE_TEMPLATE("a resumed run ends with the same bits as an unbroken one", A, EVERY_MODEL) {
  test::check_resumed<A>(at::kCPU, 1e-6);
}

/// fit as a process that is told to stop at each of these questions, and a fresh one that resumes:
/// each asks before a step and after a pass of the validation.
template <class A>
std::unique_ptr<Segmenter<A>> fit_in_pieces(Dataset const& train, Dataset const& val,
                                            FitOptions made, std::vector<int> const& stops) {
  std::unique_ptr<Segmenter<A>> model = seeded<A>();
  for (int const stop : stops) {
    int asked = 0, stopped = 0;
    FitHooks const hooks{.stop = [&] { return ++asked == stop; },
                         .on_stop = [&](int, std::size_t, std::size_t) { ++stopped; }};
    fit(*model, train, val, encode<A>, made, hooks);
    CHECK(stopped == 1);
    made.resume = true;
    at::randn({11});
    model = std::make_unique<Segmenter<A>>();
  }
  fit(*model, train, val, encode<A>, made);
  return model;
}

TEST_CASE_TEMPLATE("stopped at any step, in passes, a run ends with the same bits", A,
                   EVERY_MODEL) {
  Noise<A> const train(8), val(3);  // 3 steps, of 2, 2 and 1 passes
  for (Precision const precision : {Precision::fp32, Precision::bf16}) {
    test::TempDir const whole, broken;
    FitOptions made = noise_options(whole.path(), 2);
    made.precision = precision;
    made.pass = 2;
    auto const unbroken = seeded<A>();
    fit(*unbroken, train, val, encode<A>, made);
    made.run = broken.path();
    // Before the first step, within the epoch, in its validation, at the end of it; then again.
    auto const pieces = fit_in_pieces<A>(train, val, made, {1, 2, 2, 2, 3, 3});
    CHECK(differences(*unbroken, *pieces) == std::vector<std::string>{});
    for (char const* file : {"last.safetensors", "best.safetensors"})
      CHECK(test::read_file(whole / file) == test::read_file(broken / file));
  }
}

TEST_CASE_TEMPLATE("frozen slots keep every parameter and every buffer", A, EVERY_MODEL) {
  auto const model = seeded<A>(), before = seeded<A>();
  freeze(*model->vision);
  freeze(*model->text);
  fit(*model, Noise<A>(7), Noise<A>(2), encode<A>, noise_options({}, 2));
  CHECK(differences(*model->vision, *before->vision) == std::vector<std::string>{});
  CHECK(differences(*model->text, *before->text) == std::vector<std::string>{});
  CHECK(!differences(*model->decoder, *before->decoder).empty());
  for (at::Tensor const& parameter : model->vision->parameters())
    CHECK_FALSE(parameter.grad().defined());
  // No work for gradients: nothing of a frozen tower's result belongs to a graph.
  model->train();
  CHECK_FALSE(model->vision->is_training());
  Random random;
  ImageFeatures const seen = model->vision->forward(Noise<A>(1).at(0, random).image.unsqueeze(0));
  for (at::Tensor const& tap : seen.taps) CHECK_FALSE(tap.requires_grad());
}

TEST_CASE("a frozen part of a slot that trains keeps its buffers, too") {
  auto const model = seeded<AdaptedCris>(), before = seeded<AdaptedCris>();
  train_adapters_only(*model);
  fit(*model, Noise<AdaptedCris>(7), Noise<AdaptedCris>(2), encode<AdaptedCris>,
      noise_options({}, 2));
  auto const moved = differences(*model, *before);
  CHECK(!moved.empty());
  for (std::string const& name : moved) CHECK(name.find("adapter") != std::string::npos);
}

TEST_CASE("a training leaves LibTorch's generator where it was") {
  auto const model = seeded<test::TinyCris>();
  at::manual_seed(5);
  at::Tensor const expected = at::randn({4});
  at::manual_seed(5);
  fit(*model, Noise<test::TinyCris>(3), Noise<test::TinyCris>(2), encode<test::TinyCris>,
      noise_options({}, 1));
  CHECK(at::randn({4}).equal(expected));
}

}  // namespace
