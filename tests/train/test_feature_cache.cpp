// SPDX-License-Identifier: MIT
#include <sys/wait.h>
#include <unistd.h>

#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "support/tiny_cris.hpp"
#include "vlsm/adapt/dense.hpp"
#include "vlsm/head/stacked_unet.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/feature_cache.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/frozen_towers.hpp"

// What frozen towers wrote is kept, and trains as if it had been written anew.
namespace {

using namespace vlsm;
using test::Disks;
using test::DiskSeg;

/// A vision tower that counts the pictures it sees, a text tower that counts prompts.
int pictures_seen = 0, prompts_read = 0;
struct CountingVit : VisionTransformer<test::disk_vit> {
  ImageFeatures forward(at::Tensor const& image) const {
    pictures_seen += static_cast<int>(image.size(0));
    return VisionTransformer<test::disk_vit>::forward(image);
  }
};
struct CountingText : ClipText<test::disk_text> {
  TextFeatures forward(Tokens const& tokens) const {
    prompts_read += static_cast<int>(tokens.ids.size(0));
    return ClipText<test::disk_text>::forward(tokens);
  }
};
struct Counting : DiskSeg {
  using Vision = CountingVit;
  using Text = CountingText;
  using Fusion = Film<FilmConfig{.width = 16}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 2, .ffn = 32}>;
  using Head = TransposedHead<>;
};
struct Adapted : Counting {
  using Text = DenseAdapters<ClipText<test::disk_text>, DenseConfig{.width = 8, .blocks = 1}>;
};
/// The same weights, other values.
struct OtherActivation : Counting {
  static constexpr VitConfig vit = [] {
    VitConfig config = test::disk_vit;
    config.layer.activation = Activation::quick_gelu;
    return config;
  }();
  using Vision = VisionTransformer<vit>;
};
/// A head that reads the pixels again.
struct LooksAgain : Counting {
  using Head = StackedUnet<TransposedHead<>>;
};

/// Disks of which no two pictures are alike.
struct Pictures : Disks {
  explicit Pictures(std::size_t count, unsigned seed = 0) : Disks(count, seed), first(seed) {}
  Example at(std::size_t index, Random& random) const override {
    Example example = Disks::at(index, random);
    example.image += 0.01f * static_cast<float>(index) + 0.001f * static_cast<float>(first);
    return example;
  }
  unsigned first;
};

std::shared_ptr<FeatureCache> in_memory(std::size_t bytes = 1 << 30) {
  return std::make_shared<FeatureCache>(FeatureCacheOptions{.memory = bytes});
}

template <class A>
std::unique_ptr<Segmenter<A>> seeded(bool vision = true, bool text = true) {
  at::manual_seed(1);
  auto model = std::make_unique<Segmenter<A>>();
  if (vision) freeze(*model->vision);
  if (text) freeze(*model->text);
  pictures_seen = prompts_read = 0;
  return model;
}

/// Slow, so that what differs in the last bits (a batch is encoded in other steps than a picture)
/// still does so at the end.
FitOptions options(std::shared_ptr<FeatureCache> cache, int epochs = 3) {
  return {.epochs = epochs,
          .batch = 5,
          .optimizer = {.learning_rate = 1e-5, .clip = 1},
          .loss = SegmentationLoss::dice_ce,
          .features = std::move(cache),
          .seed = 3};
}

template <class A>
std::vector<Epoch> train(Segmenter<A>& model, FitOptions const& how) {
  return fit(model, Pictures(13), Pictures(6, 1000), test::encode_bytes, how);
}

void check_same(std::vector<Epoch> const& a, std::vector<Epoch> const& b, double norm = 1e-3) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].train_loss == doctest::Approx(b[i].train_loss).epsilon(1e-5));
    CHECK(a[i].val_loss == doctest::Approx(b[i].val_loss).epsilon(1e-5));
    CHECK(a[i].val_dice == doctest::Approx(b[i].val_dice).epsilon(1e-3));
    CHECK(a[i].gradient_norm == doctest::Approx(b[i].gradient_norm).epsilon(norm));
  }
}

template <class A>
bool equal(Segmenter<A> const& a, Segmenter<A> const& b) {
  auto const left = a.parameters(), right = b.parameters();
  for (std::size_t i = 0; i < left.size(); ++i)
    if (!left[i].equal(right[i])) return false;
  return true;
}

/// What a training without a cache gives, and one with it: the same bits.
template <class A>
void check_trains_alike(bool vision, bool text, std::shared_ptr<FeatureCache> cache,
                        Precision precision = Precision::fp32) {
  auto const plain = seeded<A>(vision, text);
  auto how = options(nullptr);
  how.precision = precision;
  auto const without = train(*plain, how);
  how.features = std::move(cache);
  auto const kept = seeded<A>(vision, text);
  check_same(without, train(*kept, how));
  CHECK(equal(*plain, *kept));
}

TEST_CASE("with both towers frozen each picture and each prompt is encoded once") {
  auto const cache = in_memory();
  check_trains_alike<Counting>(true, true, cache);
  CHECK(pictures_seen == 13 + 6);
  CHECK(prompts_read == 2);
  CHECK(cache->counts().computed == 13 + 6 + 2);
  CHECK(cache->counts().dropped == 0);
  // The same cache serves another training and an evaluation of these weights.
  pictures_seen = prompts_read = 0;
  auto const model = seeded<Counting>();
  train(*model, options(cache, 1));
  evaluate(*model, Pictures(6, 1000), test::encode_bytes, {.features = cache});
  CHECK(pictures_seen == 0);
  CHECK(prompts_read == 0);
}

TEST_CASE("with one tower frozen, that one") {
  check_trains_alike<Counting>(true, false, in_memory());
  CHECK(pictures_seen == 13 + 6);
  CHECK(prompts_read > 10);
  check_trains_alike<Counting>(false, true, in_memory());
  CHECK(pictures_seen == 3 * (13 + 6));
  CHECK(prompts_read == 2);
}

TEST_CASE("where nothing is frozen a cache keeps nothing and changes no bit") {
  auto const cache = in_memory();
  auto const plain = seeded<Counting>(false, false), kept = seeded<Counting>(false, false);
  train(*plain, options(nullptr));
  train(*kept, options(cache));
  CHECK(equal(*plain, *kept));
  CHECK(cache->counts().computed == 0);
  CHECK(cache->counts().memory == 0);
}

TEST_CASE("a tower that holds adapters is not frozen, the other one is") {
  auto const cache = in_memory();
  auto const run = [](std::shared_ptr<FeatureCache> features) {
    auto const model = seeded<Adapted>(false, false);
    train_adapters_only(*model);
    return train(*model, options(std::move(features)));
  };
  check_same(run(nullptr), run(cache));
  CHECK(cache->counts().computed == 13 + 6);  // pictures alone
  // Nor is one whose parameters are frozen and that still trains (dropout, running statistics).
  auto const model = seeded<Counting>();
  model->vision->torch::nn::Module::train();
  SegmenterView<Counting> const view(*model);
  CHECK_FALSE(FrozenTowers(view, Precision::fp32, cache).keeps_pictures());
  CHECK(FrozenTowers(view, Precision::fp32, cache).keeps_prompts());
}

TEST_CASE("a head that reads the pixels finds them") {
  check_trains_alike<LooksAgain>(true, true, in_memory());
  CHECK(pictures_seen == 13 + 6);
}

TEST_CASE("words of prompts of several lengths, and those that count to the last position") {
  struct Sentences : Pictures {
    using Pictures::Pictures;
    Example at(std::size_t index, Random& random) const override {
      constexpr std::int64_t side = test::TinyCris::recipe.image;
      Example example = Pictures::at(index, random);
      example.prompt = std::string(1 + index % 5, 'a');
      example.image = at::upsample_nearest2d(example.image.unsqueeze(0), {side, side})[0];
      example.mask = at::upsample_nearest2d(example.mask.unsqueeze(0), {side, side})[0];
      return example;
    }
  };
  auto const run = [](auto& model, std::shared_ptr<FeatureCache> cache) {
    freeze(*model.vision);
    freeze(*model.text);
    auto const encode = [](std::string const& text) {
      std::vector<std::int64_t> ids(text.size() + 1, 5);
      ids.push_back(test::tiny_cris_text.end);
      return ids;
    };
    FitOptions how = options(std::move(cache), 2);
    how.loss = SegmentationLoss::dice;
    fit(model, Sentences(8), Sentences(4, 1000), encode, how);
  };
  auto const both = [&]<class A>(A) {
    auto const made = [] {
      at::manual_seed(1);
      return std::make_unique<Segmenter<A>>();
    };
    auto const cache = in_memory();
    auto plain = made(), kept = made();
    run(*plain, nullptr), run(*kept, cache);
    CHECK(equal(*plain, *kept));
    CHECK(cache->counts().computed == 8 + 4 + 5);
  };
  both(test::TinyCris());
  both(test::TinyCrisPadded());
}

TEST_CASE("in bf16 the cache keeps bf16") {
  auto const cache = in_memory();
  check_trains_alike<Counting>(true, true, cache, Precision::bf16);
  CHECK(pictures_seen == 13 + 6);
  std::size_t const pictures = (13 + 6) * feature_bytes(model_info<Counting>());
  CHECK(cache->counts().memory < pictures / 2 + 4096);
}

/// A tower that was given more than its type says: it runs itself, not prepared.
struct Grown : Counting {
  struct Vision : CountingVit {
    at::Tensor shift;
    void grow() { shift = register_parameter("shift", at::full({1}, 0.1), false); }
    ImageFeatures forward(at::Tensor const& image) const {
      return CountingVit::forward(shift.defined() ? image + shift : image);
    }
  };
};

TEST_CASE("features of bf16 steps are not those of the validation where a tower is not prepared") {
  auto const run = [](std::shared_ptr<FeatureCache> cache) {
    auto model = seeded<Grown>();
    model->vision->grow();
    auto how = options(std::move(cache));
    how.precision = Precision::bf16;
    // The pictures of the validation are some of the training's.
    auto const epochs = fit(*model, Pictures(13), Pictures(6), test::encode_bytes, how);
    return std::pair(std::move(model), epochs);
  };
  auto const [plain, without] = run(nullptr);
  auto const [kept, with] = run(in_memory());
  CHECK(pictures_seen == 13 + 6);
  REQUIRE(with.size() == without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    CHECK(with[i].val_loss == without[i].val_loss);
    CHECK(with[i].val_dice == without[i].val_dice);
  }
  CHECK(equal(*plain, *kept));
}

TEST_CASE("a run that is stopped and resumed with an empty cache ends with the same bits") {
  for (Precision const precision : {Precision::fp32, Precision::bf16})
    for (bool const half : {false, true}) {
      test::TempDir const whole, broken;
      auto const cache = [&] {
        return std::make_shared<FeatureCache>(FeatureCacheOptions{.memory = 1 << 30, .half = half});
      };
      auto made = options(cache());
      made.precision = precision;
      made.pass = 2;
      made.run = whole.path();
      auto const unbroken = seeded<Counting>();
      train(*unbroken, made);
      made.run = broken.path();
      made.features = cache();
      int asked = 0;
      fit(*seeded<Counting>(), Pictures(13), Pictures(6, 1000), test::encode_bytes, made,
          {.stop = [&] { return ++asked == 9; }});
      CHECK(asked == 9);
      made.resume = true;
      made.features = cache();
      auto const resumed = seeded<Counting>();
      train(*resumed, made);
      CHECK(equal(*unbroken, *resumed));
    }
}

TEST_CASE("features of other weights, of another precision or another block are never given") {
  auto const cache = in_memory();
  auto const model = seeded<Counting>();
  auto const encode = [&](Segmenter<Counting>& one, Precision precision) {
    pictures_seen = prompts_read = 0;
    evaluate(one, Pictures(6), test::encode_bytes, {.precision = precision, .features = cache});
    return std::pair(pictures_seen, prompts_read);
  };
  CHECK((encode(*model, Precision::fp32) == std::pair(6, 2)));
  CHECK((encode(*model, Precision::fp32) == std::pair(0, 0)));
  CHECK((encode(*model, Precision::bf16) == std::pair(6, 2)));
  {
    at::NoGradGuard const no_grad;
    model->text->parameters().back().flatten()[0] += 1e-6f;  // one value by its last bits
  }
  CHECK((encode(*model, Precision::fp32) == std::pair(0, 2)));
  auto const other = seeded<OtherActivation>();
  CHECK(other->vision->parameters()[0].equal(model->vision->parameters()[0]));
  std::size_t const before = cache->counts().computed;
  evaluate(*other, Pictures(6), test::encode_bytes, {.features = cache});
  CHECK(cache->counts().computed == before + 6);
}

KeptFeatures some(float value, std::int64_t count = 256) {
  return {{"tap0", at::full({count}, value)}};
}

TEST_CASE("a budget is kept, and what earlier runs left makes room") {
  FeatureCache cache({.memory = 4 * 1024});
  std::size_t const first = cache.begin();
  for (std::uint64_t i = 0; i < 6; ++i) cache.keep({0, i}, some(static_cast<float>(i)), first);
  CHECK(cache.counts().memory == 4 * 1024);
  CHECK(cache.counts().dropped == 2);
  std::size_t const beside = cache.begin();  // an evaluation in the middle takes nothing away
  cache.keep({0, 6}, some(6), beside);
  cache.end(beside);
  CHECK(cache.find({0, 0}, first).has_value());  // a run needs all of it each epoch
  CHECK_FALSE(cache.find({0, 5}, first).has_value());
  CHECK_FALSE(cache.find({0, 6}, first).has_value());
  cache.end(first);
  std::size_t const second = cache.begin();
  CHECK(cache.find({0, 2}, second)->at(0).second[0].item<float>() == 2);
  for (std::uint64_t i = 10; i < 16; ++i) cache.keep({0, i}, some(1), second);
  CHECK(cache.counts().memory == 4 * 1024);
  CHECK(cache.find({0, 2}, second).has_value());
  CHECK(cache.find({0, 12}, second).has_value());
  CHECK_FALSE(cache.find({0, 13}, second).has_value());
  CHECK_FALSE(cache.find({0, 0}, second).has_value());
  FeatureCache nothing({});
  nothing.keep({0, 1}, some(1), nothing.begin());
  CHECK_FALSE(nothing.find({0, 1}, 1).has_value());
  CHECK(nothing.counts().dropped == 1);
}

TEST_CASE("a training whose pictures do not all fit into memory trains alike") {
  auto const cache = in_memory(8 * 2 * 17 * 32 * 4);  // eight pictures
  check_trains_alike<Counting>(true, true, cache);
  CHECK(cache->counts().dropped > 0);
  CHECK(pictures_seen > 13 + 6);
  CHECK(pictures_seen < 3 * (13 + 6));
}

TEST_CASE("half of the room loses half of the digits and no large value") {
  FeatureCache cache({.memory = 1 << 20, .half = true});
  at::Tensor const values = at::tensor({1.0f / 3, -2.5f, 1e-3f}), large = at::tensor({1.0f, 7e4f});
  auto const kept = cache.keep({0, 1}, {{"tap0", values}, {"tap1", large}}, 1);
  CHECK((kept[0].second.scalar_type() == at::kHalf));
  CHECK(at::allclose(kept[0].second.to(at::kFloat), values, 1e-3));
  CHECK(kept[1].second.equal(large));
  CHECK(cache.find({0, 1}, 1)->at(0).second.equal(kept[0].second));
}

TEST_CASE("a folder serves other programs, and its damaged files are made again") {
  test::TempDir const folder;
  auto const shared = [&](std::size_t memory) {
    return std::make_shared<FeatureCache>(
        FeatureCacheOptions{.memory = memory, .folder = folder / "features"});
  };
  for (std::size_t const memory : {std::size_t{0}, std::size_t{1} << 30}) {
    std::filesystem::remove_all(folder / "features");
    check_trains_alike<Counting>(true, true, shared(memory));
    CHECK(pictures_seen == 13 + 6);
    auto const again = shared(memory);
    check_trains_alike<Counting>(true, true, again);
    CHECK(pictures_seen == 0);
    CHECK(prompts_read == 0);
    CHECK(again->counts().computed == 0);
    CHECK((again->counts().memory > 0) == (memory > 0));
  }
  int number = 0;
  for (auto const& entry : std::filesystem::directory_iterator(folder / "features")) {
    std::string bytes = test::read_file(entry.path());
    if (++number == 1) bytes[bytes.size() - 2] ^= 1;
    if (number == 2) bytes.resize(bytes.size() / 2);
    if (number == 3) bytes.clear();
    if (number == 4) bytes = "no safetensors at all";
    test::write_file(entry.path(), bytes);
  }
  REQUIRE(number == 13 + 6 + 2);
  auto const mended = shared(0);
  check_trains_alike<Counting>(true, true, mended);
  CHECK(mended->counts().computed == 4);
  CHECK(test::says(test::error_of([&] {
                     test::write_file(folder / "file", "");
                     FeatureCache({.folder = folder / "file/below"});
                   }),
                   "the folder cannot be made"));
}

TEST_CASE("two programs may fill one folder at a time") {
  test::TempDir const folder;
  auto const fill = [&](unsigned seed) {
    FeatureCache cache({.folder = folder.path()});
    std::mt19937 random(seed);
    for (int i = 0; i < 400; ++i) {
      std::uint64_t const key = random() % 40;
      if (auto const found = cache.find({1, key}, 1)) {
        if (!found->at(0).second.eq(static_cast<float>(key)).all().item<bool>()) return 1;
      } else {
        cache.keep({1, key}, some(static_cast<float>(key), 4096), 1);
      }
    }
    return cache.trouble().empty() ? 0 : 2;
  };
  pid_t const child = ::fork();
  if (child == 0) ::_exit(fill(1));
  CHECK(fill(2) == 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  for (auto const& entry : std::filesystem::directory_iterator(folder.path()))
    CHECK(entry.path().extension() == ".safetensors");
}

TEST_CASE("a folder that takes no more stops no training") {
  test::TempDir const folder;
  auto const cache =
      std::make_shared<FeatureCache>(FeatureCacheOptions{.folder = folder / "features"});
  std::filesystem::remove_all(folder / "features");
  check_trains_alike<Counting>(true, true, cache);
  CHECK(test::says(cache->trouble(), "features"));
  CHECK(pictures_seen == 3 * (13 + 6));
}

TEST_CASE("what a model needs is told before it runs") {
  ModelInfo const clipseg = model_info<ClipSeg>(), cris = model_info<test::TinyCris>();
  CHECK(feature_bytes(clipseg) == 3 * 485 * 768 * 4);
  CHECK(feature_bytes(clipseg, true) == 3 * 485 * 768 * 2);
  // And that is what is kept.
  auto const model = seeded<Counting>();
  auto const cache = in_memory();
  evaluate(*model, Pictures(6), test::encode_bytes, {.features = cache});
  std::size_t const prompts = 2 * (32 * 4) + (8 + 6) * (32 * 4 + 1);  // ids of "bright", "dark"
  CHECK(cache->counts().memory == 6 * feature_bytes(model_info<Counting>()) + prompts);
  CHECK(feature_bytes(cris) > 0);
  CHECK(usual_cache_memory() > 0);
}

/// Black pictures, one wide and one high, which hold the same bytes.
struct WideAndHigh : Disks {
  WideAndHigh() : Disks(2) {}
  Example at(std::size_t index, Random& random) const override {
    Example example = Disks::at(index, random);
    std::int64_t const height = index == 0 ? 32 : 64, width = 96 - height;
    example.image = at::zeros({3, height, width});
    example.mask = at::zeros({1, height, width});
    return example;
  }
};

TEST_CASE("pictures of the same bytes and another shape are two") {
  at::manual_seed(1);
  Segmenter<Counting> model;
  freeze_encoders(model);
  auto const scored = [&](std::shared_ptr<FeatureCache> features) {
    std::vector<at::Tensor> logits;
    EvaluateOptions const options{
        .batch = 1,
        .features = std::move(features),
        .on_example = [&](std::size_t, at::Tensor const& one) { logits.push_back(one.clone()); }};
    evaluate(model, WideAndHigh(), test::encode_bytes, options);
    return logits;
  };
  auto const plain = scored(nullptr),
             kept = scored(std::make_shared<FeatureCache>(FeatureCacheOptions{.memory = 1 << 20}));
  for (std::size_t i : {0, 1}) CHECK(plain[i].equal(kept[i]));
}

/// Marks padding only where there is some.
struct MarksSome : test::TinyCris {
  struct Text : test::TinyCris::Text {
    TextFeatures forward(Tokens const& tokens) const {
      TextFeatures said = test::TinyCris::Text::forward(tokens);
      said.padding = tokens.ids.slice(1, 0, said.words.size(1)) == 7;
      if (!said.padding.any().item<bool>()) said.padding = at::Tensor();
      return said;
    }
  };
};

/// Marks no padding: every token it is given is a word, and the sentence is their mean.
struct MarksNone : test::TinyCris {
  struct Text : test::TinyCris::Text {
    TextFeatures forward(Tokens const& tokens) const {
      TextFeatures said = test::TinyCris::Text::forward(tokens);
      return {.sentence = said.words.mean(1), .words = said.words, .padding = {}};
    }
  };
};

TEST_CASE("a prompt is read by itself where its tower marks no padding, too") {
  at::manual_seed(1);
  Segmenter<MarksNone> model;
  freeze_encoders(model);
  SegmenterView<MarksNone> const view(model);
  std::int64_t const end = test::tiny_cris_text.end;
  Batch batch, alone;
  batch.image = alone.image = at::zeros({2, 3, 8, 8});
  batch.ids = {{5, 6, 8, 9, end}, {5, end}};
  alone.ids = {{5, end}, {5, end}};
  for (auto const& cache : {std::shared_ptr<FeatureCache>(), in_memory()}) {
    FrozenTowers const towers(view, Precision::fp32, cache);
    TextFeatures const said = towers.encode_text(batch), one = towers.encode_text(alone);
    CHECK(said.sentence[1].equal(one.sentence[1]));
    CHECK(said.words[1].slice(0, 0, 2).equal(one.words[1]));
    CHECK(said.padding.sum().item<int>() == 3);
  }
}

/// Hands on another picture than it was shown, where that is too bright.
struct Clamps : test::DiskSeg {
  struct Vision : test::DiskSeg::Vision {
    ImageFeatures forward(at::Tensor const& image) const {
      ImageFeatures seen = test::DiskSeg::Vision::forward(image);
      seen.image = image.clamp_max(2);
      return seen;
    }
  };
};

TEST_CASE("a picture that a frozen tower hands on is the one that is found") {
  at::manual_seed(1);
  Segmenter<Clamps> model;
  freeze_encoders(model);
  SegmenterView<Clamps> const view(model);
  Batch batch;
  batch.image = at::rand({3, 3, 32, 32});
  batch.image[1].mul_(4);  // between two that stay as they are
  for (char const* name : {"a", "b", "c"})
    batch.pixels.push_back(content_hash(std::string_view(name)));
  for (auto const& cache : {std::shared_ptr<FeatureCache>(), in_memory()})
    for (int run = 0; run < 2; ++run)
      CHECK(FrozenTowers(view, Precision::fp32, cache)
                .encode_image(batch, batch.image)
                .image.equal(batch.image.clamp_max(2)));
}

TEST_CASE("a prompt whose tower marks no padding stands beside one where it does") {
  at::manual_seed(1);
  Segmenter<MarksSome> model;
  freeze_encoders(model);
  SegmenterView<MarksSome> const view(model);
  std::int64_t const end = test::tiny_cris_text.end;
  Batch batch;
  batch.image = at::zeros({3, 3, 8, 8});
  batch.ids = {{5, 5, end}, {5, 7, end}, {5, end}};
  for (auto const& cache : {std::shared_ptr<FeatureCache>(), in_memory()}) {
    TextFeatures const said = FrozenTowers(view, Precision::fp32, cache).encode_text(batch);
    CHECK(said.padding.equal(at::tensor({0, 0, 0, 0, 1, 0, 0, 0, 1}).view({3, 3}).to(at::kBool)));
  }
}

}  // namespace
