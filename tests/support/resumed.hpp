// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>

#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/noise.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/weights/load.hpp"

namespace vlsm::test {

inline FitOptions noise_options(std::filesystem::path const& run, int epochs) {
  return {.epochs = epochs, .batch = 3, .loss = SegmentationLoss::dice_ce, .seed = 3, .run = run};
}

/// A run of four epochs and one that is resumed after two end with the same bits, in float32 and
/// bf16. The best weights, read on a CPU, score what the log says, to `epsilon`.
template <class A>
void check_resumed(at::Device device, double epsilon) {
  Noise<A> const train(7), val(2);
  auto const begun = [&] {
    auto model = seeded<A>();
    model->to(device);
    return model;
  };
  for (Precision const precision : {Precision::fp32, Precision::bf16}) {
    TempDir const whole, broken;
    auto const with = [&](std::filesystem::path const& run, int epochs, bool resume) {
      FitOptions made = noise_options(run, epochs);
      made.precision = precision;
      made.resume = resume;
      return made;
    };
    auto const unbroken = begun();
    double best = 0;
    for (Epoch const& epoch : fit(*unbroken, train, val, encode<A>, with(whole.path(), 4, false)))
      best = std::max(best, epoch.val_dice);
    Segmenter<A> written;
    io::load(written, whole / "best.safetensors");
    double const scored = evaluate(written, val, encode<A>, {.batch = 3, .seed = 3}).dice().mean;
    CHECK(scored == doctest::Approx(best).epsilon(epsilon));
    auto const first = begun();
    fit(*first, train, val, encode<A>, with(broken.path(), 2, false));
    at::randn({17}, device);  // what else a program draws does not matter
    auto const second = begun();
    auto const history = fit(*second, train, val, encode<A>, with(broken.path(), 4, true));
    CHECK(history.size() == 2);
    CHECK(differences(*unbroken, *second) == std::vector<std::string>{});
    CHECK(read_file(whole / "last.safetensors") == read_file(broken / "last.safetensors"));
  }
}

}  // namespace vlsm::test
