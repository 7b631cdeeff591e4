// SPDX-License-Identifier: MIT
#include <filesystem>

#include "distributed/group.hpp"
#include "support/disks.hpp"
#include "support/error.hpp"
#include "support/tiny_cris.hpp"
#include "vlsm/models/unet.hpp"
#include "vlsm/train/feature_cache.hpp"
#include "vlsm/train/freeze.hpp"

// Several processes train as one does on the same batches.
namespace {

using namespace vlsm;
using test::check_bits;
using test::check_same;
using test::Disks;
using test::DiskSeg;
using test::group;
using test::train;
using test::Trained;

/// Disks, some of which have no mask, so that shares count differently.
struct SomeEmpty : Disks {
  using Disks::Disks;
  Example at(std::size_t index, Random& random) const override {
    Example example = Disks::at(index, random);
    if (index % 5 == 1) example.mask.zero_();
    return example;
  }
};

/// Disks on noise, no two pictures alike: in flat ones the largest of four equal values, and the
/// sign of a 0, are chosen by the last bit.
struct Noisy : Disks {
  using Disks::Disks;
  Example at(std::size_t index, Random& random) const override {
    Example example = Disks::at(index, random);
    at::Generator own = at::detail::createCPUGenerator(index + 100 * size());
    example.image = example.image + 0.5 * at::randn(example.image.sizes(), own);
    return example;
  }
};

/// A U-Net for the disks' 32 pixels.
struct DiskUnet : Unet {
  using Vision = ResNet<ResNetConfig{
      .block = Residual::basic, .layers = {1, 1, 1, 0}, .taps = {0, 1, 2, 3}, .count = 4}>;
  using Fusion = PassThrough<>;
  using Decoder = UnetDecoder<UnetConfig{.width = 32}>;
  using Head = ConvHead<>;
  static constexpr Recipe recipe{.image = 32, .normalize = imagenet_normalization};
};

FitOptions twenty_steps(ProcessGroup* processes = nullptr) {
  return {.epochs = 4,
          .batch = 8,
          .optimizer = {.learning_rate = 1e-3},
          .loss = SegmentationLoss::dice_ce,
          .group = processes,
          .seed = 5};
}

/// The same training by this process alone and by all.
template <class A>
std::pair<Trained, Trained> both(Dataset const& examples, FitOptions options,
                                 std::function<void(Segmenter<A>&)> const& prepare = {}) {
  Disks const val(7, 1000);
  options.group = nullptr;
  Trained one = train<A>(examples, val, test::encode_bytes, options, prepare);
  options.group = &group();
  Trained many = train<A>(examples, val, test::encode_bytes, options, prepare);
  check_bits(many);
  return {std::move(one), std::move(many)};
}

TEST_CASE("the test runs in several processes") { REQUIRE(group().size() > 1); }

TEST_CASE("twenty steps have the losses of one process") {
  auto const [one, many] = both<DiskSeg>(Disks(40), twenty_steps());
  REQUIRE(one.losses.size() == 20);
  check_same(one, many, 1e-6);
}

TEST_CASE("losses that leave pictures out weigh what they count, over all processes") {
  for (auto const loss : {SegmentationLoss::tuned_dice, SegmentationLoss::dice_focal}) {
    FitOptions options = twenty_steps();
    options.loss = loss;
    auto const [one, many] = both<DiskSeg>(SomeEmpty(40), options);
    check_same(one, many, 2e-6);
  }
}

TEST_CASE("passes in each process add up to the batch") {
  FitOptions options = twenty_steps();
  options.pass = 3;
  options.loss = SegmentationLoss::tuned_dice;
  auto const [one, many] = both<DiskSeg>(SomeEmpty(40), options);
  check_same(one, many, 2e-6);
}

TEST_CASE("a last batch smaller than the number of processes leaves some without an example") {
  auto const [one, many] = both<DiskSeg>(Disks(33), twenty_steps());
  CHECK(one.losses.size() == 20);
  check_same(one, many, 1e-6);
}

/// Noisy disks in float64, where a sum's order is below what a ReLU or AdamW makes of it.
struct Exact : Noisy {
  using Noisy::Noisy;
  Example at(std::size_t index, Random& random) const override {
    Example example = Noisy::at(index, random);
    example.image = example.image.to(at::kDouble);
    example.mask = example.mask.to(at::kDouble);
    return example;
  }
};

std::pair<Trained, Trained> both_exact(std::size_t count, FitOptions options) {
  auto const by = [&](ProcessGroup* processes) {
    options.group = processes;
    return train<DiskUnet>(Exact(count), Exact(7, 1000), test::encode_bytes, options,
                           [](Segmenter<DiskUnet>& model) { model.to(at::kDouble); });
  };
  std::pair<Trained, Trained> result{by(nullptr), by(&group())};
  check_bits(result.second);
  return result;
}

TEST_CASE("synchronized batch norms take the statistics of the batch, as one process does") {
  for (std::size_t count : {40, 33}) {  // 33: of a last batch of one, where the others stand in
    auto const [one, many] = both_exact(count, twenty_steps());
    check_same(one, many, 1e-9);
    for (std::size_t i = 0; i < one.weights.size(); ++i)
      CHECK(at::allclose(one.weights[i], many.weights[i], 1e-6, 1e-8));
  }
}

TEST_CASE("in float32, too, before a ReLU turns on a last bit") {
  FitOptions options = twenty_steps();
  options.optimizer.learning_rate = 1e-4;
  options.epochs = 1;
  auto const [one, many] = both<DiskUnet>(Noisy(33), options);
  check_same(one, many, 1e-5);
  CHECK(one.epochs[0].gradient_norm == doctest::Approx(many.epochs[0].gradient_norm).epsilon(1e-5));
}

TEST_CASE("frozen batch norms keep their statistics, in one process, too") {
  FitOptions options = twenty_steps();
  options.batch_norms = BatchNorms::frozen;
  auto const [one, many] = both_exact(33, options);
  check_same(one, many, 1e-9);
  at::manual_seed(1);
  Segmenter<DiskUnet> fresh;
  auto const start = fresh.buffers();
  std::size_t const weights = many.weights.size() - start.size();
  for (std::size_t i = 0; i < start.size(); ++i)
    CHECK(at::equal(start[i].to(at::kDouble), many.weights[weights + i].to(at::kDouble)));
}

TEST_CASE("dropout draws other numbers in each process, and the weights stay the same") {
  struct TwoSides : Disks {
    using Disks::Disks;
    Example at(std::size_t index, Random& random) const override {
      Example example = Disks::at(index, random);
      std::int64_t const side = test::TinyCris::recipe.image;
      example.image = at::upsample_nearest2d(example.image.unsqueeze(0), {side, side})[0];
      example.mask = at::upsample_nearest2d(example.mask.unsqueeze(0), {side, side})[0];
      return example;
    }
  };
  auto const encode = [](std::string const& text) {
    return std::vector<std::int64_t>{1, static_cast<std::int64_t>(text.size()),
                                     test::TinyCris::Text::settings.end};
  };
  FitOptions options = twenty_steps(&group());
  options.epochs = 2;
  Trained const many = train<test::TinyCris>(TwoSides(9), TwoSides(3, 9), encode, options),
                again = train<test::TinyCris>(TwoSides(9), TwoSides(3, 9), encode, options);
  check_bits(many);
  CHECK(many.losses == again.losses);
}

/// A vision tower that counts the pictures it sees.
int pictures_seen = 0;
struct CountingVit : VisionTransformer<test::disk_vit> {
  ImageFeatures forward(at::Tensor const& image) const {
    pictures_seen += static_cast<int>(image.size(0));
    return VisionTransformer<test::disk_vit>::forward(image);
  }
};
struct Counting : DiskSeg {
  using Vision = CountingVit;
  using Text = ClipText<test::disk_text>;
  using Fusion = Film<FilmConfig{.width = 16}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 2, .ffn = 32}>;
  using Head = TransposedHead<>;
};

TEST_CASE("frozen towers run once a picture, in one of the processes") {
  FitOptions options = twenty_steps();
  std::function<void(Segmenter<Counting>&)> const frozen = [](auto& model) {
    freeze_encoders(model);
  };
  Noisy const examples(33), val(7, 1000);
  options.features = std::make_shared<FeatureCache>(FeatureCacheOptions{.memory = 1 << 28});
  Trained const one = train<Counting>(examples, val, test::encode_bytes, options, frozen);
  options.features = std::make_shared<FeatureCache>(FeatureCacheOptions{.memory = 1 << 28});
  options.group = &group();
  pictures_seen = 0;
  Trained const many = train<Counting>(examples, val, test::encode_bytes, options, frozen);
  check_bits(many);
  check_same(one, many, 1e-6);
  CHECK(group().all_reduce({1.0 * pictures_seen})[0] == 33 + 7);
}

TEST_CASE("bf16 adds up in float32") {
  FitOptions options = twenty_steps();
  options.precision = Precision::bf16;
  options.pass = 3;
  auto const [one, many] = both<DiskSeg>(Disks(33), options);
  check_same(one, many, 2e-2);
}

TEST_CASE("a stop in any process ends all at one step, and all go on from the first one's file") {
  test::TempDir const folder;
  FitOptions options = twenty_steps(&group());
  options.run = folder.path();
  Trained const whole = train<DiskSeg>(Disks(33), Disks(3), test::encode_bytes, options);
  std::filesystem::remove_all(folder.path());
  std::filesystem::create_directories(folder.path());
  int asked = 0, stopped_at = -1;
  FitHooks const stop{.stop = [&] { return ++asked > 7 && group().rank() == group().size() - 1; },
                      .on_stop = [&](int epoch, std::size_t step,
                                     std::size_t) { stopped_at = 100 * epoch + int(step); }};
  Trained const part = train<DiskSeg>(Disks(33), Disks(3), test::encode_bytes, options, {}, stop);
  CHECK(part.losses.size() < 20);
  CHECK(stopped_at > 0);
  auto const places = group().all_reduce({1.0 * stopped_at});
  CHECK(places[0] == stopped_at * group().size());
  CHECK(std::filesystem::exists(folder / "last.safetensors") == group().is_main());
  options.resume = true;
  Trained const rest = train<DiskSeg>(Disks(33), Disks(3), test::encode_bytes, options,
                                      [](Segmenter<DiskSeg>& model) {
                                        // Whatever a process begins with, it gets the first one's.
                                        at::NoGradGuard const no_grad;
                                        for (at::Tensor const& p : model.parameters())
                                          at::Tensor(p).add_(group().rank());
                                      });
  check_bits(rest);
  for (std::size_t i = 0; i < whole.weights.size(); ++i)
    CHECK(at::equal(whole.weights[i], rest.weights[i]));
}

TEST_CASE("a loss that is not finite in one process is told by that one, and ends all") {
  struct OneBroken : Disks {
    using Disks::Disks;
    Example at(std::size_t index, Random& random) const override {
      Example example = Disks::at(index, random);
      if (index == 3) example.image.fill_(std::numeric_limits<float>::quiet_NaN());
      return example;
    }
  };
  FitOptions options = twenty_steps(&group());
  options.batch = 4;
  std::string const line = test::error_of([&] {
    return train<DiskSeg>(OneBroken(8), Disks(3), test::encode_bytes, options).losses.size();
  });
  bool const here = line.find("the loss is not finite") != std::string::npos;
  INFO(line);
  CHECK(group().all_reduce({1.0 * here})[0] == 1);
  CHECK((here ? test::says(line, "3") : test::says(line, "failed in another process")));
}

TEST_CASE("validation scores every picture once, in the data set's order") {
  for (std::size_t count : {1, 7}) {
    Disks const val(count, 1000);
    FitOptions options = twenty_steps();
    options.epochs = 1;
    Trained const one = train<DiskSeg>(Disks(8), val, test::encode_bytes, options);
    options.group = &group();
    Trained const many = train<DiskSeg>(Disks(8), val, test::encode_bytes, options);
    check_same(one, many, 1e-6);
  }
}

TEST_CASE("texts of any bytes and sums go to all") {
  std::string const text("a\0b\n", 4);
  CHECK(group().broadcast(group().is_main() ? text : "other") == text);
  CHECK(group().broadcast(group().is_main() ? std::string() : "other").empty());
  CHECK(group().all_reduce({1.0, 0.5})[1] == 0.5 * group().size());
  CHECK(group().first_rank_where(group().rank() > 0) == 1);
  CHECK(group().first_rank_where(false) == group().size());
  at::Tensor const many = at::full({3, 1000}, 1.0f + group().rank());
  group().all_reduce(many);
  int const n = group().size();
  CHECK(many.eq(n * (n + 1) / 2.0).all().item<bool>());
}

}  // namespace
