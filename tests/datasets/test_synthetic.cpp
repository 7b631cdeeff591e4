// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/data/synthetic_dataset.hpp"

using namespace vlsm::test;

namespace {

constexpr vlsm::Recipe recipe{.image = 64, .normalize = vlsm::imagenet_normalization};
constexpr vlsm::SyntheticCounts few{.train = 3, .val = 1, .test = 2};

}  // namespace

TEST_CASE("synthetic: every split opens with three rows a picture") {
  TempDir const folder;
  vlsm::write_synthetic(folder.path(), {.side = 64}, few, 1);
  for (auto const& [split, rows] : {std::pair<std::string, std::size_t>{"train", 9},
                                    {"val", 3},
                                    {"test", 6},
                                    {"test_opposite", 4}}) {
    vlsm::FolderDataset const data(folder.path(), split, "p2", recipe);
    CHECK(data.size() == rows);
    vlsm::Random random(1);
    for (std::size_t i = 0; i < data.size(); ++i) {
      double const share = data.at(i, random).mask.mean().item<double>();
      CHECK(share > 0.01);
      CHECK(share < 0.3);
    }
  }
}

TEST_CASE("synthetic: the same seed writes the same files") {
  TempDir const a, b, c;
  vlsm::write_synthetic(a.path(), {.side = 64}, few, 1);
  vlsm::write_synthetic(b.path(), {.side = 64}, few, 1);
  vlsm::write_synthetic(c.path(), {.side = 64}, few, 2);
  CHECK(read_file(a / "images/train_2.png") == read_file(b / "images/train_2.png"));
  CHECK(read_file(a / "anns/test_opposite.json") == read_file(b / "anns/test_opposite.json"));
  CHECK(read_file(a / "images/train_2.png") != read_file(c / "images/train_2.png"));
}

TEST_CASE("synthetic: objects do not overlap and their colors are a pair and a third") {
  std::mt19937 random(7);
  for (int i = 0; i < 20; ++i) {
    vlsm::SyntheticPicture const picture = vlsm::draw_synthetic({.side = 48}, random);
    REQUIRE(picture.objects.size() == 3);
    auto const &first = picture.objects[0], &second = picture.objects[1],
               &third = picture.objects[2];
    auto const pair = [](std::string const& color) {
      for (std::size_t c = 0; c < 6; ++c)
        if (color == vlsm::synthetic_colors[c].name) return c / 2;
      return std::size_t{9};
    };
    CHECK(pair(first.color) == pair(second.color));
    CHECK(first.color != second.color);
    CHECK(pair(third.color) != pair(first.color));
    for (std::size_t at = 0; at < first.mask.size(); ++at)
      CHECK((first.mask[at] > 0) + (second.mask[at] > 0) + (third.mask[at] > 0) <= 1);
  }
}

TEST_CASE("synthetic: one object, and another camera's channels") {
  std::mt19937 random(7), again(7);
  auto const plain = vlsm::draw_synthetic({.side = 48, .objects = 1}, random),
             other = vlsm::draw_synthetic({.side = 48, .objects = 1, .other = true}, again);
  CHECK(plain.objects.size() == 1);
  CHECK(plain.objects[0].mask == other.objects[0].mask);
  for (std::size_t at = 0; at < plain.pixels.size(); at += 3) {
    CHECK(plain.pixels[at] == other.pixels[at + 1]);
    CHECK(plain.pixels[at + 2] == other.pixels[at]);
  }
  TempDir const folder;
  vlsm::write_synthetic(folder.path(), {.side = 48, .objects = 1}, few, 1);
  CHECK(read_file(folder / "anns/test_opposite.json") == "[]\n");
}

TEST_CASE("synthetic: a folder that cannot be made is told") {
  TempDir const folder;
  write_file(folder / "file", "mine");
  CHECK_ERROR(vlsm::write_synthetic(folder / "file", {.side = 64}, few, 1), "cannot be made");
  CHECK_ERROR(vlsm::write_synthetic(folder / "file/below", {.side = 64}, few, 1), "cannot be made");
  CHECK(read_file(folder / "file") == "mine");
}
