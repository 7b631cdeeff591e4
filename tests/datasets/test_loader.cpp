// SPDX-License-Identifier: MIT
#include <atomic>
#include <filesystem>
#include <functional>
#include <limits>

#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/data/loader.hpp"
#include "vlsm/data/shard.hpp"
#include "vlsm/data/synthetic_dataset.hpp"

namespace {

using namespace vlsm;

/// Examples that draw their picture and their prompt; some fail, and each counts itself.
class Drawn : public Dataset {
 public:
  explicit Drawn(std::size_t count, std::vector<std::size_t> broken = {})
      : count_(count), broken_(std::move(broken)) {}
  std::size_t size() const override { return count_; }
  Example at(std::size_t index, Random& random) const override {
    ++asked;
    // The lower ones take longest, so that the later of two failures comes first.
    if (std::ranges::find(broken_, index) != broken_.end()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20 / (index + 1)));
      throw Error("broken", std::to_string(index) + ".png", "mend it");
    }
    Example example{.name = std::to_string(index),
                    .prompt = std::to_string(uniform_index(random, 1000)),
                    .image = at::empty({3, 4, 4}),
                    .mask = at::zeros({1, 4, 4})};
    for (int i = 0; i < 48; ++i)
      example.image.mutable_data_ptr<float>()[i] = static_cast<float>(random());
    return example;
  }
  mutable std::atomic<std::size_t> asked = 0;

 private:
  std::size_t count_;
  std::vector<std::size_t> broken_;
};

std::vector<std::size_t> backwards(std::size_t count) {
  std::vector<std::size_t> order;
  while (count-- > 0) order.push_back(count);
  return order;
}

std::vector<Batch> all_of(Dataset const& examples, LoaderOptions const& options, BatchEnds ends) {
  PromptIds ids(test::encode_bytes);
  Loader loader(examples, ids, backwards(examples.size()), std::move(ends), options);
  std::vector<Batch> batches;
  while (auto batch = loader.next()) batches.push_back(std::move(*batch));
  CHECK_FALSE(loader.next().has_value());
  return batches;
}

void check_equal(std::vector<Batch> const& a, std::vector<Batch> const& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].names == b[i].names);
    CHECK(a[i].prompts == b[i].prompts);
    CHECK(a[i].ids == b[i].ids);
    CHECK(a[i].indices == b[i].indices);
    CHECK((a[i].pixels == b[i].pixels));
    CHECK(a[i].image.equal(b[i].image));
    CHECK(a[i].mask.equal(b[i].mask));
  }
}

TEST_CASE("batches are cut into passes, the odd rest included") {
  CHECK(batch_ends(11, 4, 3) == BatchEnds{3, 4, 7, 8, 11});
  CHECK(batch_ends(8, 4, 4) == BatchEnds{4, 8});
  CHECK(batch_ends(1, 128, 8) == BatchEnds{1});
  CHECK(batch_ends(0, 4, 4).empty());
  std::size_t const most = std::numeric_limits<std::size_t>::max();
  CHECK(batch_ends(11, most, most) == BatchEnds{11});
  CHECK(batch_ends(11, 5, most) == BatchEnds{5, 10, 11});
  CHECK(batch_ends(3, 0, 0) == BatchEnds{1, 2, 3});
}

TEST_CASE("the batches do not depend on the number of workers or on where one begins") {
  Drawn const examples(23);
  LoaderOptions options{.seed = 5, .epoch = 2, .workers = 0, .hash_pixels = true};
  auto const ends = batch_ends(23, 8, 3);
  auto const expected = all_of(examples, options, ends);
  CHECK(expected[0].names == std::vector<std::string>{"22", "21", "20"});
  CHECK(expected[0].image.sizes() == at::IntArrayRef({3, 3, 4, 4}));
  CHECK(expected[0].ids[0] == test::encode_bytes(expected[0].prompts[0]));
  for (int workers : {1, 2, 7})
    for (std::size_t ahead : {0, 1, 3, 100}) {
      options.workers = workers;
      options.ahead = ahead;
      check_equal(all_of(examples, options, ends), expected);
    }
  options.first = 4;
  check_equal(all_of(examples, options, ends), {expected.begin() + 4, expected.end()});
  options.first = 100;
  CHECK(all_of(examples, options, ends).empty());
  options.first = 0;
  options.epoch = 3;
  CHECK_FALSE(all_of(examples, options, ends)[0].image.equal(expected[0].image));
  options.epoch = 2;
  options.seed = 6;
  CHECK_FALSE(all_of(examples, options, ends)[0].image.equal(expected[0].image));
}

TEST_CASE("the shards of several processes hold what one loads, drawn by place in the epoch") {
  Drawn const examples(23);
  auto const order = backwards(23);
  PromptIds ids(test::encode_bytes);
  Loader whole(examples, ids, order, batch_ends(23, 8, 8), {.seed = 5, .epoch = 2, .workers = 0});
  std::vector<std::string> prompts;
  while (auto const batch = whole.next())
    prompts.insert(prompts.end(), batch->prompts.begin(), batch->prompts.end());
  std::size_t seen = 0;
  for (std::size_t rank = 0; rank < 3; ++rank) {
    Shard const shard = shard_of(order, {.batch = 8, .pass = 8, .rank = rank, .processes = 3});
    Loader loader(examples, ids, shard.of(order), shard.ends,
                  {.seed = 5, .epoch = 2, .positions = shard.positions, .workers = 2});
    std::size_t at = 0;
    while (auto const batch = loader.next())
      for (std::size_t i = 0; i < batch->size(); ++i, ++at, ++seen) {
        CHECK(batch->indices[i] == order[shard.positions[at]]);
        CHECK(batch->prompts[i] == prompts[shard.positions[at]]);
      }
  }
  CHECK(seen == 23);
}

TEST_CASE("no more is loaded ahead than was asked for") {
  Drawn const examples(40);
  PromptIds ids(test::encode_bytes);
  Loader loader(examples, ids, backwards(40), batch_ends(40, 4, 4), {.workers = 3, .ahead = 2});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(examples.asked == 8);
  loader.next();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(examples.asked == 12);
}

TEST_CASE("the first example that fails is named, whoever loads it, after the batches before it") {
  for (int workers : {0, 1, 4}) {
    Drawn const examples(16, {0, 1, 2});
    PromptIds ids(test::encode_bytes);
    std::vector<std::size_t> order(16);
    for (std::size_t i = 0; i < 16; ++i) order[i] = (i + 10) % 16;  // 10 to 15, then 0
    Loader loader(examples, ids, order, batch_ends(16, 4, 4), {.workers = workers});
    CHECK(loader.next()->names[0] == "10");
    CHECK(test::error_of([&] { loader.next(); }) == "broken: 0.png: mend it");
  }
}

TEST_CASE("a broken picture's file is named") {
  test::TempDir const folder;
  write_synthetic(folder.path(), {.side = 32}, {.train = 2, .val = 0, .test = 0}, 1);
  Recipe const recipe{.image = 32, .normalize = imagenet_normalization};
  FolderDataset const examples(folder.path(), "train", "p1", recipe);
  test::write_file(folder / "images/train_1.png", "no picture");
  PromptIds ids(test::encode_bytes);
  Loader loader(examples, ids, backwards(6), batch_ends(6, 6, 6), {.workers = 2});
  CHECK(test::error_of([&] { loader.next(); }).find("train_1.png") != std::string::npos);
}

TEST_CASE("a loader may load all at once") {
  Drawn const examples(6);
  PromptIds ids(test::encode_bytes);
  Loader loader(examples, ids, backwards(6), batch_ends(6, 2, 2),
                {.workers = 2, .ahead = std::numeric_limits<std::size_t>::max()});
  for (int batch = 0; batch < 3; ++batch) CHECK(loader.next()->size() == 2);
}

TEST_CASE("examples of two sizes are told apart") {
  struct Uneven : Drawn {
    Uneven() : Drawn(3) {}
    Example at(std::size_t index, Random& random) const override {
      Example example = Drawn::at(index, random);
      if (index == 1) example.image = at::zeros({3, 4, 5}), example.mask = at::zeros({1, 4, 5});
      return example;
    }
  } const examples;
  PromptIds ids(test::encode_bytes);
  Loader loader(examples, ids, backwards(3), batch_ends(3, 3, 3), {.workers = 0});
  CHECK(test::error_of([&] { loader.next(); }).find("[3, 4, 5] after [3, 4, 4]: 1: ") !=
        std::string::npos);
}

TEST_CASE("an example that breaks the promise of a Dataset is named") {
  struct Broken : Drawn {
    explicit Broken(std::function<void(Example&)> how) : Drawn(3), spoil(std::move(how)) {}
    Example at(std::size_t index, Random& random) const override {
      Example example = Drawn::at(index, random);
      if (index == 1) spoil(example);
      return example;
    }
    std::function<void(Example&)> spoil;
  };
  auto const told = [](std::function<void(Example&)> how) {
    Broken const examples(std::move(how));
    PromptIds ids(test::encode_bytes);
    Loader loader(examples, ids, backwards(3), batch_ends(3, 3, 3), {.workers = 2});
    return test::error_of([&] { loader.next(); });
  };
  CHECK(test::says(told([](Example& e) { e.image = at::Tensor(); }), "has no image: 1: "));
  CHECK(test::says(told([](Example& e) { e.mask = at::Tensor(); }), "has no mask: 1: "));
  CHECK(test::says(told([](Example& e) { e.image = e.image.to(at::kByte); }),
                   "the image of an example is CPUByteType"));
  CHECK(test::says(told([](Example& e) {
                     e.image = at::empty({3, 4, 4}, at::kMeta);
                   }),
                   "the image of an example is "));
  CHECK(test::says(told([](Example& e) { e.mask = e.mask[0]; }),
                   "the mask of an example is CPUFloatType[4, 4]: 1: "));
  CHECK(test::says(told([](Example& e) {
                     e.mask = at::zeros({1, 2, 2});
                   }),
                   "an image [3, 4, 4] and a mask [1, 2, 2]: 1: "));
  for (double const level : {-1.0, 255.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK(test::says(told([&](Example& e) { e.mask[0][3][3] = level; }),
                     "the mask of an example has values outside 0 to 1: 1: "));
  // Bytes and truth values are masks, too; those of 255 are not.
  CHECK(test::says(told([](Example& e) { e.mask = e.mask.to(at::kByte) + 255; }),
                   "the mask of an example has values outside 0 to 1: 1: "));
  for (auto const type : {at::kByte, at::kBool})
    CHECK(test::says(told([&](Example& e) { e.mask = e.mask.to(type); }), "one type"));
}

TEST_CASE("as many threads load as the examples and the system have room for") {
  Drawn const examples(5);
  LoaderOptions options{.workers = 0};
  auto const expected = all_of(examples, options, batch_ends(5, 2, 2));
  options.workers = std::numeric_limits<int>::max();
  check_equal(all_of(examples, options, batch_ends(5, 2, 2)), expected);
}

TEST_CASE("a shard may be asked for in batches of any size") {
  auto const order = backwards(5);
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (std::size_t const pass : {std::size_t{1}, most})
    for (std::size_t rank : {0, 1}) {
      ShardOptions how{.batch = 5, .pass = std::min(pass, how.batch), .rank = rank, .processes = 2};
      Shard const expected = shard_of(order, how);
      how.batch = most;
      how.pass = pass;
      Shard const shard = shard_of(order, how);
      CHECK(shard.positions == expected.positions);
      CHECK(shard.ends == expected.ends);
    }
}

TEST_CASE("contents of one bit's difference, and those cut otherwise, have other hashes") {
  std::string text(100, 'a');
  std::vector<ContentHash> seen{content_hash(text), content_hash(""), content_hash("", {1, 0}),
                                content_hash(text, {0, 1})};
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      seen.push_back(content_hash(other));
    }
  for (std::size_t zeros = 1; zeros < 70; ++zeros)
    seen.push_back(content_hash(std::string(zeros, '\0')));
  seen.push_back(content_hash("ab", content_hash("c")));
  seen.push_back(content_hash("b", content_hash("ca")));
  std::ranges::sort(seen);
  CHECK((std::ranges::adjacent_find(seen) == seen.end()));
  CHECK((content_hash(text) == content_hash(std::string(100, 'a'))));
  CHECK(ContentHash{0xab, 1}.text() == "00000000000000ab0000000000000001");
}

}  // namespace
