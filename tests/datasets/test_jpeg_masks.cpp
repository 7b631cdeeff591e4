// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "datasets/mask_pictures.hpp"
#include "io/builders.hpp"
#include "support/doctest.hpp"

// Masks in JPEG, which blurs their colors.
namespace {

using namespace vlsm;
using namespace vlsm::test;

/// What a JPEG of low quality makes of a picture: edges of mixed colors, and noise everywhere.
RawPicture as_jpeg(RawPicture picture) {
  RawPicture const sharp = picture;
  auto const channels = static_cast<std::size_t>(picture.channels);
  for (std::size_t y = 0; y < side; ++y)
    for (std::size_t x = 0; x < side; ++x)
      for (std::size_t c = 0; c < channels; ++c) {
        auto const at = (y * side + x) * channels + c;
        int sum = 4 * sharp.bytes[at], count = 4;
        for (std::size_t row = y ? y - 1 : 0; row < std::min(side, y + 2); ++row)
          for (std::size_t column = x ? x - 1 : 0; column < std::min(side, x + 2); ++column)
            sum += sharp.bytes[(row * side + column) * channels + c], ++count;
        int const noise = static_cast<int>((x * 7 + y * 13 + c * 5) % 11) - 5;
        picture.bytes[at] = static_cast<std::uint8_t>(std::clamp(sum / count + noise, 0, 255));
      }
  picture.lossy = true;
  return picture;
}

TEST_CASE("masks: of a JPEG in any color each pixel is of the area's color that it is nearest to") {
  Color const black{0, 0, 0, 255}, white{255, 255, 255, 255};
  for (Color const color : {Color{128, 0, 0, 255},
                            {0, 100, 0, 255},
                            {0, 0, 60, 255},
                            {70, 130, 180, 255},
                            {255, 128, 0, 255},
                            {224, 224, 192, 255},
                            {255, 0, 255, 255}})
    for (Color const rest : {black, white}) {
      INFO(int(color[0]) << " " << int(color[1]) << " " << int(color[2]));
      RawPicture const jpeg = as_jpeg(colored(color, rest, 3));
      bool const gray = jpeg.channels == 3 && color[0] == 224;  // nearly: it is read by its red
      if (gray && rest == white) continue;
      check_square(read({jpeg}).masks[0]);
      check_square(read({jpeg}, "any").masks[0]);
      if (!gray)
        check_square(read({jpeg}, std::to_string(color[0]) + "," + std::to_string(color[1]) + "," +
                                      std::to_string(color[2]))
                         .masks[0]);
    }
}

TEST_CASE("masks: classes of a JPEG in colors are told apart, however near they are") {
  Color const black{0, 0, 0, 255}, maroon{128, 0, 0, 255}, dark{64, 0, 0, 255},
      border{224, 224, 192, 255};
  for (Color const other : {dark, border, Color{128, 64, 0, 255}, {192, 0, 0, 255}}) {
    RawPicture const jpeg = as_jpeg(with(colored(maroon, black, 3), other));
    CHECK_ERROR(read({jpeg}), "the masks hold several classes");
    check_square(read({jpeg}, "128,0,0").masks[0]);
    CHECK(std::abs(std::ranges::count(read({jpeg}, "any").masks[0], 255) - 356) <= 4);
  }
  // In files of their own, too.
  std::vector<RawPicture> const set{as_jpeg(colored(maroon, black, 3)),
                                    as_jpeg(colored(dark, black, 3)),
                                    as_jpeg(colored(maroon, black, 3))};
  CHECK_ERROR(read(set), "1 files, first m1.png");
  CHECK(std::ranges::count(read(set, "128,0,0").masks[1], 255) == 0);
}

TEST_CASE("masks: a level that JPEG blurs into the background is refused, not taken with it") {
  RawPicture const jpeg = as_jpeg(with(gray(255), 5));
  CHECK_ERROR(read({jpeg, gray(0)}, "5"), "a JPEG blurs 5 into the background 0");
  check_square(read({jpeg, gray(0)}, "255").masks[0]);
  RawPicture const near = as_jpeg(gray(1));
  CHECK_ERROR(read({near}), "a JPEG blurs levels as near as 0 to");
  // What is a mix of two colors is none that anything was drawn in.
  RawPicture const red = as_jpeg(colored({255, 0, 0, 255}, {0, 0, 0, 255}, 3));
  CHECK_ERROR(read({red}, "128,0,0"), "no mask holds an object: of 0,0,0");
}

TEST_CASE("masks: a small area of a JPEG near the background's color is a class, and said") {
  Color const black{0, 0, 0, 255}, red{255, 0, 0, 255}, dark{0, 50, 50, 255};
  RawPicture const jpeg = as_jpeg(with(colored(red, black, 3), dark));
  CHECK_ERROR(read({jpeg}), "the masks hold several classes");
  check_square(read({jpeg}, "255,0,0").masks[0]);
  CHECK(std::abs(std::ranges::count(read({jpeg}, "any").masks[0], 255) - 356) <= 4);
  // Of pale colors, too: their files are not gray.
  Color const white{255, 255, 255, 255};
  for (Color const pale : {Color{255, 215, 215, 255}, {112, 128, 144, 255}, {200, 215, 250, 255}})
    check_square(read({as_jpeg(colored(pale, white, 3))}).masks[0]);
}

TEST_CASE("masks: the edge of a bright object is no class of another file") {
  Color const black{0, 0, 0, 255}, red{255, 0, 0, 255}, maroon{128, 0, 0, 255};
  std::vector<RawPicture> const set{as_jpeg(colored(red, black, 3)),
                                    as_jpeg(colored(maroon, black, 3))};
  auto const masks = read(set, "128,0,0").masks;
  CHECK(xt::sum(masks[0])() == 0);
  check_square(masks[1]);
}

}  // namespace
