// SPDX-License-Identifier: MIT
#include <fstream>
#include <sstream>

#include "image/stored_pictures.hpp"
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/image/resize.hpp"

using namespace vlsm::test;

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
