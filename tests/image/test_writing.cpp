// SPDX-License-Identifier: MIT
#include <chrono>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"

using namespace vlsm::test;

namespace {

vlsm::Image noise(std::size_t height, std::size_t width, unsigned step) {
  vlsm::Image image = vlsm::Image::from_shape({height, width, 3});
  std::uint32_t state = 7;
  for (std::size_t i = 0; i < image.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    image.data()[i] = static_cast<std::uint8_t>((state >> 24) / step);
  }
  return image;
}

bool comes_back(vlsm::Image const& image) {
  TempDir const folder;
  vlsm::write_png(folder / "picture.png", image, false);
  return vlsm::read_image(folder / "picture.png") == image;
}

}  // namespace

TEST_CASE("written pictures of every shape are read back unchanged") {
  for (std::size_t height : {1, 2, 7, 64})
    for (std::size_t width : {1, 2, 3, 5, 8, 9, 33})
      for (unsigned step : {1, 9, 255}) CHECK(comes_back(noise(height, width, step)));
  // More than one stripe, which the cores share; one row of more than a stripe.
  CHECK(comes_back(noise(1501, 1009, 3)));
  CHECK(comes_back(noise(3, 60'000, 1)));
}

TEST_CASE("a mask of a large picture is packed to little") {
  vlsm::Mask mask = vlsm::Mask::from_shape({1500, 2000});
  for (std::size_t y = 0; y < 1500; ++y)
    for (std::size_t x = 0; x < 2000; ++x)
      mask(y, x) = (y - 700) * (y - 700) + (x - 900) * (x - 900) < 160'000 ? 255 : 0;
  vlsm::Image const image = vlsm::as_image(mask);
  CHECK(vlsm::encode_png(image).size() < 120'000);
  CHECK(vlsm::encode_png(image) == vlsm::encode_png(image));
  CHECK(comes_back(image));
}

TEST_CASE("a picture without pixels is not written") {
  CHECK_ERROR(vlsm::encode_png(vlsm::Image::from_shape({0, 5, 3})), "5 x 0");
}

TEST_CASE("an overlay tints what is inside and draws its outline") {
  vlsm::Image image = vlsm::Image::from_shape({5, 6, 3});
  std::fill(image.begin(), image.end(), std::uint8_t{100});
  vlsm::Mask mask = vlsm::Mask::from_shape({5, 6});
  std::fill(mask.begin(), mask.end(), std::uint8_t{0});
  for (std::size_t y = 1; y < 4; ++y)
    for (std::size_t x = 1; x < 5; ++x) mask(y, x) = 128;
  mask(0, 0) = 255;
  vlsm::Image const shown = vlsm::overlay(image, mask, {200, 0, 50});
  auto const pixel = [&](std::size_t y, std::size_t x) {
    return std::vector<int>{shown(y, x, 0), shown(y, x, 1), shown(y, x, 2)};
  };
  CHECK(pixel(0, 1) == std::vector{100, 100, 100});
  CHECK(pixel(0, 0) == std::vector{200, 0, 50});
  CHECK(pixel(1, 1) == std::vector{200, 0, 50});
  CHECK(pixel(2, 2) == std::vector{140, 60, 80});
  CHECK(pixel(2, 4) == std::vector{200, 0, 50});
}
