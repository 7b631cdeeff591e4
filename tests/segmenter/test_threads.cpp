// SPDX-License-Identifier: MIT
#include <thread>

#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/pictures.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/data/synthetic_dataset.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/tokenizer/byte.hpp"
#include "vlsm/tokenizer/clip.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

// The library from two threads at once, under the thread sanitizer in the preset `tsan`: objects of
// one's own, and a model, a data set and a tokenizer that are shared.
namespace {

using namespace vlsm;
namespace fs = std::filesystem;

/// Runs `work(0)` and `work(1)` at once and returns what they gave.
template <class Work>
auto both(Work const& work) {
  using Result = decltype(work(0));
  std::array<Result, 2> results;
  std::thread other([&] { results[1] = work(1); });
  results[0] = work(0);
  other.join();
  return results;
}

TEST_CASE("two threads load, read, write and segment, each its own") {
  fs::path const weights = fs::path(VLSM_TEST_DATA) / "clipseg/tiny_a/model.safetensors";
  test::TempDir const folder;
  auto const one = [&](int which) {
    Segmenter<test::TinyA> model;
    io::load(model, weights);
    fs::path const own = folder / std::to_string(which);
    fs::create_directory(own);
    io::save(model, own / "weights.safetensors");
    Segmenter<test::TinyA> again;
    io::load(again, own / "weights.safetensors");
    Image picture = Image::from_shape({40, 50, 3});
    for (std::size_t i = 0; i < picture.size(); ++i)
      picture.data()[i] = static_cast<std::uint8_t>(i * 7);
    write_png(own / "picture.png", picture);
    at::NoGradGuard const no_grad;
    at::Tensor const pixels =
        prepare_image(read_image(own / "picture.png"), test::TinyA::recipe).unsqueeze(0);
    return again.forward(pixels, {at::tensor({1, 5, 6, 639}, at::kLong).unsqueeze(0)});
  };
  auto const logits = both(one);
  CHECK(logits[0].equal(logits[1]));
}

TEST_CASE("two threads share a model, a data set and a tokenizer") {
  test::TempDir const folder;
  write_synthetic(folder.path(), {.side = 64}, {.train = 4, .val = 1, .test = 1}, 1);
  FolderDataset const data(folder.path(), "train", "random", test::TinyA::recipe);
  Segmenter<test::TinyA> model;
  model.eval();
  tokenizer::ByteTokenizer const bytes;
  auto const one = [&](int) {
    at::NoGradGuard const no_grad;
    Random random(1);
    at::Tensor sum = at::zeros({});
    for (std::size_t i = 0; i < data.size(); ++i) {
      Example const example = data.at(i, random);
      auto const ids = bytes.encode(example.prompt, 18);
      sum = sum +
            model
                .forward(
                    example.image.unsqueeze(0),
                    {at::tensor(
                         std::vector<std::int64_t>{1, static_cast<std::int64_t>(ids.size()), 639},
                         at::kLong)
                         .unsqueeze(0)})
                .sum();
    }
    return sum;
  };
  auto const sums = both(one);
  CHECK(sums[0].equal(sums[1]));
}

TEST_CASE("two threads meet the same error") {
  auto const messages = both([](int) {
    try {
      read_image("nowhere.png");
    } catch (Error const& error) {
      return std::string(error.what());
    }
    return std::string();
  });
  CHECK(messages[0] == messages[1]);
  CHECK(messages[0].find("nowhere.png") != std::string::npos);
}

}  // namespace
