// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <cstring>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/image/to_tensor.hpp"

// Pictures in a square and the way back, against what OpenCV does in CRIS's own steps.
namespace {

using namespace vlsm;

constexpr std::size_t side = 48;
constexpr Recipe letterbox{
    .image = side, .normalize = clip_normalization, .threshold = 0.35f, .fit = Fit::letterbox};
constexpr Recipe stretch{.image = side, .normalize = clip_normalization};
constexpr std::size_t sizes[][2] = {{120, 300}, {300, 120}, {48, 48},  {64, 64}, {1, 50},
                                    {30, 20},   {2, 3},     {37, 101}, {97, 49}, {48, 47}};

std::uint8_t value(std::size_t y, std::size_t x, std::size_t c) {
  return static_cast<std::uint8_t>(x * x * 3 + y * x * 7 + c * 85 + x * y % 31 * 11 + y * y);
}

Image picture(std::size_t height, std::size_t width) {
  Image image = Image::from_shape({height, width, 3});
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x)
      for (std::size_t c = 0; c < 3; ++c) image(y, x, c) = value(y, x, c);
  return image;
}

Mask red(Image const& image) {
  Mask mask = Mask::from_shape({image.shape(0), image.shape(1)});
  for (std::size_t i = 0; i < mask.size(); ++i) mask.data()[i] = image.data()[3 * i];
  return mask;
}

at::Tensor square_map() {
  at::Tensor const map = at::empty({side, side});
  for (std::size_t y = 0; y < side; ++y)
    for (std::size_t x = 0; x < side; ++x)
      map.mutable_data_ptr<float>()[y * side + x] = static_cast<float>(value(y, x, 0)) / 255.0f;
  return map;
}

/// Largest difference and the number of values that differ.
template <class Array>
std::pair<int, std::size_t> compare(Array const& actual, std::string const& stored,
                                    std::size_t from) {
  int worst = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    int const difference =
        std::abs(int(actual.data()[i]) - int(static_cast<unsigned char>(stored[from + i])));
    worst = std::max(worst, difference), count += difference > 0;
  }
  return {worst, count};
}

TEST_CASE("letterboxed pictures, masks and maps are OpenCV's to a level") {
  auto const path = test::fixture("pictures/letterbox.bin");
  REQUIRE(path.has_value());
  std::string const stored = test::read_file(*path);
  std::size_t at = 0, differing = 0, all = 0;
  for (auto const& [height, width] : sizes) {
    INFO(height << " x " << width);
    Image const image = picture(height, width);
    auto const [worst, count] = compare(fit_image(image, letterbox), stored, at);
    CHECK(worst <= 1);
    differing += count, all += 3 * side * side;
    at += 3 * side * side;
    CHECK(compare(fit_mask(red(image), letterbox), stored, at).first <= 1);
    at += side * side;
    at::Tensor const map = restore(square_map(), height, width, letterbox);
    std::vector<float> expected(height * width);
    std::memcpy(expected.data(), stored.data() + at, 4 * expected.size());
    at += 4 * expected.size();
    float furthest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      furthest = std::max(furthest, std::abs(map.const_data_ptr<float>()[i] - expected[i]));
    CHECK(furthest < 1e-5f);
    Mask const mask = restore_mask(square_map(), 0.35f, height, width, letterbox);
    CHECK(at::equal(at::from_blob(const_cast<std::uint8_t*>(mask.data()), map.sizes(), at::kByte),
                    (map > 0.35f).to(at::kByte).mul(255)));
  }
  CHECK(at == stored.size());
  std::printf("%zu of %zu values a level from OpenCV's\n", differing, all);
  CHECK(differing < all / 50);
}

TEST_CASE("a letterbox has the mean color around the picture and nothing around a mask") {
  Image image = Image::from_shape({10, 40, 3});
  std::fill(image.begin(), image.end(), std::uint8_t{200});
  Image const square = fit_image(image, letterbox);
  CHECK(square(0, 0, 0) == 123);
  CHECK(square(0, 20, 1) == 117);
  CHECK(square(47, 47, 2) == 104);
  CHECK(square(24, 24, 0) == 200);
  CHECK(std::abs(prepare_image(image, letterbox)[0][0][0].item<float>()) < 0.01f);
  Mask mask = Mask::from_shape({10, 40});
  std::fill(mask.begin(), mask.end(), std::uint8_t{255});
  at::Tensor const target = prepare_mask(mask, letterbox);
  CHECK(target.sizes() == at::IntArrayRef{1, side, side});
  CHECK(target[0][0][20].item<float>() == 0);
  CHECK(target[0][24][20].item<float>() == 1);
}

TEST_CASE("stretched pictures go the way they always went") {
  for (auto const& [height, width] : sizes) {
    Image const image = picture(height, width);
    CHECK(fit_image(image, stretch) == resize_bilinear(image, side, side));
    CHECK(fit_mask(red(image), stretch) == resize_nearest(red(image), side, side));
    CHECK(at::equal(prepare_mask(red(image), stretch),
                    to_tensor(resize_nearest(red(image), side, side))));
    at::Tensor const logits = at::rand({side, side}).sub(0.5);
    Mask const expected = resize_nearest_exact(to_mask(at::sigmoid(logits) > 0.5f), height, width);
    CHECK(restore_mask(at::sigmoid(logits), 0.5f, height, width, stretch) == expected);
    CHECK(to_mask(restore(at::sigmoid(logits), height, width, stretch) > 0.5f) == expected);
  }
}

TEST_CASE("a map of the picture alone shows what lies in the letterbox") {
  for (auto const& [height, width] : {std::pair<std::size_t, std::size_t>{100, 400}, {400, 100}}) {
    // A ramp over the picture's own rows and columns, and something else around it.
    at::Tensor const map = at::full({side, side}, 99.0f);
    auto const [down, across] = vlsm::detail::letterbox(height, width, side);
    for (std::size_t y = 0; y < side; ++y)
      for (std::size_t x = 0; x < side; ++x) {
        double const row = (static_cast<double>(y) - down.offset) / down.scale,
                     column = (static_cast<double>(x) - across.offset) / across.scale;
        if (row >= -8 && column >= -8 && row < static_cast<double>(height) + 8 &&
            column < static_cast<double>(width) + 8)
          map.mutable_data_ptr<float>()[y * side + x] = static_cast<float>(row + 3 * column);
      }
    at::Tensor const alone = stretch_map(map, height, width, letterbox);
    CHECK(alone.sizes() == map.sizes());
    double const tall = static_cast<double>(height) / side,
                 wide = static_cast<double>(width) / side;
    for (std::int64_t y = 12; y < 36; ++y)
      for (std::int64_t x = 12; x < 36; ++x) {
        double const expected = (static_cast<double>(y) + 0.5) * tall - 0.5 +
                                3 * ((static_cast<double>(x) + 0.5) * wide - 0.5);
        CHECK(std::abs(alone[y][x].item<double>() - expected) < 1.2);  // 1/32 cell, 8 or 2 pixels
      }
    CHECK(stretch_map(map, height, width, stretch).is_same(map));
  }
}

TEST_CASE("a mask that is fitted and restored is the mask but for its edge") {
  for (auto const& recipe : {letterbox, stretch}) {
    Mask mask = Mask::from_shape({200, 90});
    std::size_t inside = 0, wrong = 0;
    for (std::size_t y = 0; y < 200; ++y)
      for (std::size_t x = 0; x < 90; ++x) {
        bool const object = (y - 60) * (y - 60) + (x - 40) * (x - 40) < 900;
        mask(y, x) = object ? 255 : 0, inside += object;
      }
    Mask const back = restore_mask(prepare_mask(mask, recipe)[0], 0.5f, 200, 90, recipe);
    for (std::size_t i = 0; i < mask.size(); ++i) wrong += mask.data()[i] != back.data()[i];
    CHECK(inside > 2000);
    CHECK(wrong < inside / 5);
  }
}

}  // namespace

TEST_CASE("a map's rows at the picture's size are what restore gives, and others what lies there") {
  at::Tensor const map = square_map();
  auto const rows_at = [&](std::array<std::size_t, 2> picture, std::array<std::size_t, 2> size,
                           Recipe const& recipe) {
    at::Tensor const out =
        at::full({static_cast<std::int64_t>(size[0]), static_cast<std::int64_t>(size[1])}, -9.0f);
    std::size_t next = 0;
    restore_rows_at(map, picture, size, recipe, [&](std::size_t y, float const* row) {
      CHECK(y == next++);
      std::copy_n(row, size[1], out.mutable_data_ptr<float>() + y * size[1]);
    });
    CHECK(next == size[0]);
    return out;
  };
  for (auto const& [height, width] : sizes)
    for (Recipe const& recipe : {letterbox, stretch}) {
      std::array<std::size_t, 2> const own{height, width};
      CHECK(rows_at(own, own, recipe).equal(restore(map, height, width, recipe)));
      if (own != std::array<std::size_t, 2>{side, side})
        CHECK(rows_at(own, {side, side}, recipe).equal(stretch_map(map, height, width, recipe)));
      CHECK(rows_at(own, {1, 1}, recipe).isfinite().all().item<bool>());
      CHECK(rows_at(own, {7, 301}, recipe).min().item<float>() > -9.0f);
    }
  // Where pictures are stretched each pixel is one of the map's.
  CHECK(rows_at({30, 20}, {2 * side, 3 * side}, stretch)
            .equal(restore(map, 2 * side, 3 * side, stretch)));
}
