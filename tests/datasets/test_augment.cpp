// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <set>

#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/data/augment.hpp"
#include "vlsm/train/fit.hpp"

// Values beside which no formula stands were computed by MONAI 1.6.1.
namespace {

using namespace vlsm;

constexpr Normalization plain{{0, 0, 0}, {1, 1, 1}};
constexpr std::int64_t height = 7, width = 6;

Example example() {
  Example made{.name = "one",
               .prompt = "",
               .image = at::empty({3, height, width}),
               .mask = at::zeros({1, height, width})};
  for (std::int64_t c = 0, i = 0; c < 3; ++c)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x, ++i)
        made.image.mutable_data_ptr<float>()[i] =
            static_cast<float>((c * 31 + y * 17 + x * 29 + y * x * 5) % 97) / 96.0f;
  made.mask.slice(1, 2, 5).slice(2, 1, 4).fill_(1);
  return made;
}

/// The first generator, of many, by which `how` does what `happened` asks for.
template <class Happened>
Example drawn(Augmentation const& how, Happened happened) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Random random = example_random(1, 1, i);
    Example made = example();
    augment(made, how, plain, random);
    if (happened(made)) return made;
  }
  FAIL("it never happened");
  return {};
}

TEST_CASE("a rotation is MONAI's, the picture between pixels and the mask at the nearest") {
  at::Tensor const turned = vlsm::detail::rotate_image(example().image, 0.2);
  at::Tensor const first = at::tensor(
                       {0.098542f, 0.202519f, 0.467033f, 0.723195f, 0.641268f, 0.304902f,
                        0.272096f, 0.472078f, 0.698397f, 0.513513f, 0.449708f, 0.589913f,
                        0.445649f, 0.761920f, 0.302630f, 0.468876f, 0.772031f, 0.674318f,
                        0.618323f, 0.749727f, 0.469057f, 0.858205f, 0.537971f, 0.588246f,
                        0.674675f, 0.392034f, 0.637626f, 0.371908f, 0.573666f, 0.525139f,
                        0.521487f, 0.631287f, 0.799935f, 0.383848f, 0.390114f, 0.431930f,
                        0.449007f, 0.418911f, 0.643255f, 0.595540f, 0.321711f, 0.412563f}),
                   third = at::tensor(
                       {0.744376f, 0.691486f, 0.600364f, 0.358612f, 0.654674f, 0.592887f,
                        0.917929f, 0.478761f, 0.419981f, 0.712185f, 0.554770f, 0.431728f,
                        0.569494f, 0.513647f, 0.660025f, 0.361853f, 0.471668f, 0.309734f,
                        0.278749f, 0.677249f, 0.105474f, 0.494622f, 0.861488f, 0.249007f,
                        0.441478f, 0.590170f, 0.467114f, 0.752044f, 0.592425f, 0.648985f,
                        0.412070f, 0.378139f, 0.470965f, 0.442355f, 0.574171f, 0.609476f,
                        0.442271f, 0.686756f, 0.676802f, 0.325187f, 0.481333f, 0.496126f});
  CHECK(at::allclose(turned[0].flatten(), first, 0, 2e-6));
  CHECK(at::allclose(turned[2].flatten(), third, 0, 2e-6));
  at::Tensor const mask = at::zeros({height, width});
  mask[2].slice(0, 1, 4).fill_(1);
  mask[3].slice(0, 1, 4).fill_(1);
  mask[4].slice(0, 1, 4).fill_(1);
  CHECK(vlsm::detail::rotate_mask(example().mask, 0.2)[0].equal(mask));
  CHECK(vlsm::detail::rotate_image(example().image, 0).equal(example().image));
  // A quarter turn of a square moves every pixel to a pixel.
  at::Tensor const square = example().image.slice(1, 0, width).contiguous();
  CHECK(at::allclose(vlsm::detail::rotate_image(square, 1.57079632679489662),
                     at::rot90(square, -1, {1, 2}), 0, 1e-6));
}

TEST_CASE("contrast is MONAI's gamma over the whole picture, brightness a factor") {
  at::Tensor const gamma =
      at::tensor({0.205460f, 0.517883f, 0.899428f, 0.119104f, 0.401216f, 0.761199f, 0.378929f,
                  0.801973f, 0.103532f, 0.435318f, 0.871259f, 0.143587f, 0.579294f, 0.025583f,
                  0.357011f, 0.843348f, 0.169328f, 0.591809f, 0.801973f, 0.187145f, 0.681510f,
                  0.111240f, 0.566855f, 0.048169f, 0.004429f, 0.412495f, 0.007812f, 0.423862f,
                  0.011687f, 0.435318f, 0.103532f, 0.681510f, 0.196241f, 0.829490f, 0.303891f,
                  0.985447f, 0.253305f, 0.985447f, 0.481998f, 0.103532f, 0.747743f, 0.293565f});
  at::Tensor const image = example().image;
  vlsm::detail::adjust_contrast(vlsm::detail::Planes(image), plain, 1.4f);
  CHECK(at::allclose(image[1].flatten(), gamma, 0, 2e-6));
  Augmentation const bright{.brightness = 1, .factor = 0.5};
  Random random(1), again(1);
  Example made = example();
  augment(made, bright, plain, random);
  uniform_number(again, 0, 1);  // whether it happens
  auto const factor = static_cast<float>(uniform_number(again, -0.5, 0.5));
  CHECK(at::allclose(made.image, example().image * (1 + factor), 0, 1e-6));
  CHECK(made.mask.equal(example().mask));
}

TEST_CASE("intensities change before the normalization that a model expects") {
  Augmentation const both{.contrast = 1, .brightness = 1};
  Example made = example(), normalized = example();
  at::Tensor const mean =
                       at::tensor(at::ArrayRef<float>(imagenet_normalization.mean)).view({3, 1, 1}),
                   deviation = at::tensor(at::ArrayRef<float>(imagenet_normalization.deviation))
                                   .view({3, 1, 1});
  normalized.image = (normalized.image - mean) / deviation;
  Random random(3), again(3);
  augment(made, both, plain, random);
  augment(normalized, both, imagenet_normalization, again);
  CHECK(at::allclose(normalized.image * deviation + mean, made.image, 0, 1e-5));
  CHECK_FALSE(made.image.equal(example().image));
}

TEST_CASE("each flip happens by itself, to picture and mask") {
  Augmentation const how{.flip = 0.5};
  std::set<int> seen;
  for (std::uint64_t i = 0; i < 64; ++i) {
    Random random = example_random(1, 1, i);
    Example made = example();
    augment(made, how, plain, random);
    std::vector<std::vector<std::int64_t>> const axes{{}, {1}, {2}, {1, 2}};
    for (int kind = 0; kind < 4; ++kind)
      if (made.image.equal(example().image.flip(axes[static_cast<std::size_t>(kind)]))) {
        seen.insert(kind);
        CHECK(made.mask.equal(example().mask.flip(axes[static_cast<std::size_t>(kind)])));
      }
  }
  CHECK(seen == std::set<int>{0, 1, 2, 3});
}

TEST_CASE("picture and mask turn together, and the mask stays a mask") {
  Augmentation const how{.rotate = 1, .degrees = 30};
  Example const made = drawn(how, [](Example const& one) {
    return !one.mask.equal(example().mask) && one.mask.sum().item<float>() > 0;
  });
  CHECK((made.mask == 0).logical_or(made.mask == 1).all().item<bool>());
  CHECK_FALSE(made.image.equal(example().image));
}

TEST_CASE("pictures and masks of any type change, and the colors of three channels alone") {
  Augmentation const turns{.flip = 1, .rotate = 1};
  Random random(7), same(7);
  Example floats = example(), others = example();
  floats.mask = floats.mask.gt(0.5).to(at::kFloat);
  others.mask = floats.mask.to(at::kBool);
  others.image = others.image.to(at::kDouble);
  augment(floats, turns, plain, random);
  augment(others, turns, plain, same);
  CHECK(others.image.equal(floats.image));
  CHECK(others.mask.equal(floats.mask));
  Example four{.name = "", .prompt = "", .image = at::rand({4, 8, 8}), .mask = at::ones({1, 8, 8})};
  augment(four, turns, plain, random);
  CHECK(four.image.sizes() == at::IntArrayRef({4, 8, 8}));
  CHECK(test::says(test::error_of([&] { augment(four, {.brightness = 0.5}, plain, random); }),
                   "4 channels"));
}

TEST_CASE("what comes in stays as it is, of one value, of one pixel and of an odd size, too") {
  Augmentation const all{.flip = 1, .rotate = 1, .contrast = 1, .brightness = 1};
  for (auto const& size : {std::pair<std::int64_t, std::int64_t>{1, 1}, {5, 3}, {8, 8}}) {
    Example made{.name = "",
                 .prompt = "",
                 .image = at::full({3, size.first, size.second}, 0.5f),
                 .mask = at::ones({1, size.first, size.second})};
    at::Tensor const image = made.image, mask = made.mask;
    Random random(7);
    augment(made, all, plain, random);
    CHECK(image.eq(0.5f).all().item<bool>());
    CHECK(mask.eq(1).all().item<bool>());
    CHECK(made.image.isfinite().all().item<bool>());
    CHECK(made.image.eq(made.image.flatten()[0]).all().item<bool>());
    CHECK(made.mask.eq(1).all().item<bool>());
  }
  Example made = example();
  Random random(7), untouched(7);
  augment(made, {}, plain, random);
  CHECK(made.image.equal(example().image));
  CHECK(random == untouched);
}

TEST_CASE("a training with augmentation is another one, and is resumed bit for bit") {
  using test::Disks;
  auto const made = [](bool augmented) {
    FitOptions options{.epochs = 2, .batch = 4, .loss = SegmentationLoss::dice_ce};
    if (augmented)
      options.augment = {.flip = 0.5, .rotate = 0.5, .contrast = 0.5, .brightness = 0.5};
    return options;
  };
  auto const run = [](FitOptions const& options, int stop = -1) {
    at::manual_seed(1);
    auto model = std::make_unique<Segmenter<test::DiskSeg>>();
    int asked = 0;
    FitHooks const hooks{.stop = [&] { return ++asked == stop; }};
    auto const history = fit(*model, Disks(12), Disks(4, 1000), test::encode_bytes, options, hooks);
    return std::pair(std::move(model), history);
  };
  auto const [plain_model, plain_epochs] = run(made(false));
  auto const [model, epochs] = run(made(true));
  CHECK(epochs[0].train_loss != plain_epochs[0].train_loss);
  test::TempDir const folder;
  auto broken = made(true);
  broken.run = folder.path();
  broken.workers = 0;
  run(broken, 2);
  broken.resume = true;
  broken.workers = 3;
  auto const [resumed, rest] = run(broken);
  for (std::size_t i = 0; i < model->parameters().size(); ++i)
    CHECK(model->parameters()[i].equal(resumed->parameters()[i]));
}

}  // namespace
