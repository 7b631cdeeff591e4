// SPDX-License-Identifier: MIT
#include <array>
#include <fstream>
#include <sstream>

#include "image/stored_pictures.hpp"
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/image/resize.hpp"

using namespace vlsm::test;

TEST_CASE("sums of pairs and cut levels are those of plain numbers at their limits") {
  using namespace vlsm::detail;
  constexpr std::int16_t most = 32767, least = -32768;
  std::array<std::int16_t, 6> const numbers{most, least, 255, 0, -1, 20'000};
  for (std::int16_t a : numbers)
    for (std::int16_t b : numbers) {
      Shorts8 const left{a, b, 255, 255, b, a, 0, a}, right{b, b, most, most, 1, -1, a, b};
      Sums4 const sums = pair_sums(left, right), plain = plain_pair_sums(left, right);
      Ints4 const ints{a, b, a / 99, b / 99};
      std::array<Ints4, 4> const four{ints, ints + 1, -(ints / 2), Ints4{} + 255};
      Levels16 const levels = to_levels(four), cut = plain_levels(four);
      for (int i = 0; i < 4; ++i) CHECK(sums[i] == plain[i]);
      for (int i = 0; i < 16; ++i) CHECK(levels[i] == cut[i]);
    }
  // A weight of any sign is its two parts.
  for (std::int32_t weight : {0, 1, -1, 1 << 22, -(1 << 20), 5'000'000, -700'001, (1 << 15) - 1}) {
    WeightedSums sums;
    sums.add(Shorts8{255, 0, 0, 255, 255, 255, 1, 1}, {weight, weight});
    for (int i = 0; i < 4; ++i) {
      long long const times = i == 3 ? 2 : i == 2 ? 510 : 255;
      if (times * weight < 1ll << 31)
        CHECK(sums.rounded()[i] == (times * weight + (1 << 21)) >> 22);
    }
  }
}

TEST_CASE("every shape of picture is resized to every shape as Pillow does") {
  auto const list = fixture("pictures/resize.txt");
  REQUIRE(list.has_value());
  std::ifstream in(*list);
  int count = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    INFO(line);
    std::istringstream words(line);
    std::size_t height = 0, width = 0, rows = 0, columns = 0;
    std::string smooth, nearest, cubic;
    words >> height >> width >> rows >> columns >> smooth >> nearest >> cubic;
    vlsm::Image image = vlsm::Image::from_shape({height, width, 3});
    vlsm::Mask mask = vlsm::Mask::from_shape({height, width});
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x) {
        for (std::size_t c = 0; c < 3; ++c)
          image(y, x, c) =
              static_cast<std::uint8_t>(x * x * 3 + y * x * 7 + c * 85 + x * y % 31 * 11 + y * y);
        mask(y, x) = image(y, x, 0);
      }
    CHECK(checksum(vlsm::resize_bilinear(image, rows, columns)) == smooth);
    CHECK(checksum(vlsm::resize_bicubic(image, rows, columns)) == cubic);
    CHECK(checksum(vlsm::resize_nearest(mask, rows, columns)) == nearest);
    ++count;
  }
  CHECK(count >= 100);
}
