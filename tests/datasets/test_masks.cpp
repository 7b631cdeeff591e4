// SPDX-License-Identifier: MIT
#include <algorithm>
#include <random>

#include "datasets/mask_pictures.hpp"
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/data/formats/source_masks.hpp"

// What masks mean, kind by kind as people draw and export them.
namespace {

using namespace vlsm;
using namespace vlsm::test;

TEST_CASE("masks: 0 and 255 are read as they are, without a word") {
  for (RawPicture const& picture :
       {gray(255), colored({255, 255, 255, 255}, {0, 0, 0, 255}, 3),
        colored({255, 255, 255, 255}, {0, 0, 0, 255}, 4),
        indexed(1, {{0, 0, 0, 255}, {255, 255, 255, 255}}), gray(1, 0, 1)}) {
    Read const result = read({picture, gray(0)});
    CHECK(result.meaning.notice == "");
    check_square(result.masks[0]);
    CHECK(std::ranges::count(result.masks[0], 255) == 256);
  }
}

TEST_CASE("masks: levels between 0 and 255 stay the soft targets they are") {
  for (bool lossy : {false, true})
    for (int noise : {0, 4}) {
      RawPicture picture = blurred(gray(255), noise);
      picture.lossy = lossy;
      Read const result = read({picture, gray(255), gray(0)});
      CHECK(result.meaning.notice.starts_with("the object is gray from 128 on"));
      CHECK(std::ranges::equal(result.masks[0], picture.bytes));
      check_square(result.masks[0], 1);
    }
}

TEST_CASE("masks: one other value is the object, and it is said") {
  for (int value : {1, 2, 38, 127, 128, 200, 254}) {
    Read const result = read({gray(value), gray(0)});
    CHECK(result.meaning.notice ==
          "the object is level " + std::to_string(value) + ", the only one beside 0");
    check_square(result.masks[0]);
    CHECK(std::ranges::count(result.masks[1], 0) == side * side);
  }
  for (int value : {1, 255, 4095, 65535}) {
    INFO(value);
    Read const result = read({gray(value, 0, 16)});
    CHECK(result.meaning.notice != "");
    check_square(result.masks[0]);
  }
}

TEST_CASE("masks: a JPEG of low levels is read by half of what it reaches") {
  for (int value : {10, 40, 100}) {
    RawPicture picture = blurred(gray(value), 0);
    picture.lossy = true;
    Read const result = read({picture});
    CHECK(result.meaning.notice.find("above " + std::to_string(value / 2)) != std::string::npos);
    check_square(result.masks[0], 1);
  }
}

TEST_CASE("masks: palettes, colors and transparency") {
  struct Case {
    RawPicture picture;
    std::string notice;
  };
  for (Case const& one : {Case{indexed(2, voc), "the object is color 2 (0,128,0)"},
                          {indexed(1, voc), "the object is color 1 (128,0,0)"},
                          {colored({255, 0, 0, 0}, {0, 0, 0, 0}, 3), "color 255,0,0"},
                          {colored({0, 80, 0, 255}, {0, 0, 0, 255}, 4), "color 0,80,0"},
                          {colored({255, 0, 0, 255}, {0, 0, 0, 0}, 4), "color 255,0,0"},
                          {colored({9, 9, 9, 255}, {9, 9, 9, 0}, 4), "opacity level 255"},
                          {colored({0, 255, 0, 0}, {0, 0, 0, 0}, 2), "opacity level 255"},
                          {colored({0, 0, 200, 0}, {255, 255, 255, 0}, 3),
                           "color 0,0,200, the background 255,255,255"}}) {
    Read const result = read({one.picture});
    INFO(result.meaning.notice);
    CHECK(result.meaning.notice.find(one.notice) != std::string::npos);
    check_square(result.masks[0]);
  }
}

TEST_CASE("masks: a layer of less than half opacity, and a palette's, are masks like others") {
  std::vector<Color> const one_color{{255, 0, 0, 0}, {255, 0, 0, 255}},
      faint{{0, 0, 0, 0}, {255, 255, 255, 102}};
  for (RawPicture const& picture :
       {colored({255, 255, 255, 102}, {0, 0, 0, 0}, 4), colored({255, 0, 0, 102}, {0, 0, 0, 0}, 4),
        colored({9, 9, 9, 102}, {9, 9, 9, 0}, 4), indexed(1, one_color), indexed(1, faint)}) {
    Read const result = read({picture});
    INFO(result.meaning.notice);
    check_square(result.masks[0]);
  }
  CHECK(read({colored({9, 9, 9, 102}, {9, 9, 9, 0}, 4)}).meaning.notice.find("opacity level 102") !=
        std::string::npos);
}

TEST_CASE("masks: what is read one by one sees transparency, too") {
  std::vector<Color> const holes{{9, 9, 9, 0}, {255, 255, 255, 255}};
  for (RawPicture const& picture :
       {colored({9, 9, 9, 255}, {9, 9, 9, 0}, 4),
        colored({255, 255, 255, 255}, {255, 255, 255, 0}, 4),
        colored({0, 255, 0, 0}, {0, 0, 0, 0}, 2), colored({255, 250, 0, 0}, {255, 0, 0, 0}, 2),
        colored({255, 255, 255, 255}, {255, 0, 255, 0}, 4), indexed(1, holes)}) {
    check_square(vlsm::detail::gray_levels_of(picture).levels);
    check_square(read({picture}).masks[0]);
  }
}

TEST_CASE("masks: gray of 16 bits beside colors is compared by its high byte") {
  Color const red{255, 0, 0, 255}, black{0, 0, 0, 255};
  Read const result = read({colored(red, black, 3), gray(0, 0, 16)});
  check_square(result.masks[0]);
  CHECK(xt::sum(result.masks[1])() == 0);
  std::vector<RawPicture> const both{colored(red, black, 3), gray(65535, 0, 16)};
  CHECK_ERROR(read(both), "65535 (8 %, 1 files)");
  check_square(read(both, "255,255,255").masks[1]);
  MaskMeaning const color{.kind = MaskMeaning::Kind::nearest,
                          .objects = {MaskValue::color(255, 0, 0)},
                          .others = {MaskValue::color(0, 0, 0)}};
  CHECK(color(MaskValue::gray(65535)) == 255);
  CHECK(color(MaskValue::gray(300)) == 0);
}

TEST_CASE("masks: several classes are listed and want a choice") {
  RawPicture const labels = with(gray(1), 2), white = with(gray(128), 255),
                   classes = with(indexed(1, voc), 2);
  auto const refused = [](std::vector<RawPicture> const& pictures, std::string const& words) {
    try {
      read(pictures);
      FAIL("several classes were taken for one");
    } catch (Error const& error) {
      INFO(error.what());
      CHECK(std::string(error.what()).starts_with("the masks hold several classes: "));
      CHECK(std::string(error.what()).find(words) != std::string::npos);
      CHECK(std::string(error.what()).find("--mask-value") != std::string::npos);
    }
  };
  refused({labels}, "1 (16 %, 1 files), 2 (6.25 %, 1 files)");
  refused({gray(1), gray(2)}, "1 (8 %, 1 files), 2 (8 %, 1 files)");
  refused({gray(1), gray(255)}, "255");
  refused({white}, "128");
  refused({classes}, "1 (128,0,0)");
  refused({colored({255, 0, 0, 0}, {0, 0, 0, 0}, 3), colored({0, 0, 255, 0}, {0, 0, 0, 0}, 3)},
          "255,0,0");
  RawPicture jpeg = blurred(white, 0);
  jpeg.lossy = true;
  refused({jpeg}, "128");

  check_square(read({labels}, "1").masks[0]);
  check_square(read({white}, "128").masks[0]);
  CHECK(std::ranges::count(read({jpeg}, "128").masks[0], 255) >= 190);
  check_square(read({classes}, "1").masks[0]);
  check_square(read({classes}, "128,0,0").masks[0]);
  CHECK(std::ranges::count(read({labels}, "2").masks[0], 255) == 100);
  CHECK(std::ranges::count(read({labels}, "any").masks[0], 255) == 356);
  CHECK(std::ranges::count(read({classes}, "0,128,0").masks[0], 255) == 100);
}

TEST_CASE("masks: any is all but the background, however a file says black") {
  Color const black{0, 0, 0, 255}, red{255, 0, 0, 255}, green{0, 255, 0, 255};
  std::vector<RawPicture> const empty{gray(0),
                                      gray(0, 0, 16),
                                      colored(black, black, 3),
                                      colored(black, black, 4),
                                      indexed(0, voc),
                                      indexed(0, {black, {255, 255, 255, 255}})};
  for (RawPicture const& nothing : empty)
    for (RawPicture const& object : {colored(red, black, 3), colored(green, black, 4),
                                     indexed(2, voc), gray(1), gray(255), gray(300, 0, 16)}) {
      Read const result = read({object, nothing, colored(green, black, 3)}, "any");
      INFO(result.meaning.notice);
      check_square(result.masks[0]);
      check_square(result.masks[2]);
      CHECK(std::ranges::count(result.masks[1], 0) == side * side);
    }
  RawPicture jpeg = blurred(gray(255), 20);
  jpeg.lossy = true;
  check_square(read({jpeg}, "any").masks[0], 1);
}

TEST_CASE("masks: classes of unequal opacity are all seen") {
  Color const clear{0, 0, 0, 0}, red{255, 0, 0, 76}, green{0, 255, 0, 204};
  RawPicture const both = with(colored(red, clear, 4), green);
  CHECK_ERROR(read({both}), "the masks hold several classes");
  check_square(read({both}, "255,0,0").masks[0]);
  check_square(read({colored(red, {0, 0, 0, 255}, 4)}).masks[0]);
}

TEST_CASE("masks: opacity that cannot say what is the object is an error") {
  Color const black{0, 0, 0, 255}, red{255, 0, 0, 255}, green{0, 255, 0, 255};
  auto const drawn = [](Color color) {
    Color clear = color;
    clear[3] = 0;
    return colored(color, clear, 4);
  };
  CHECK_ERROR(read({drawn(red), drawn(green)}), "in 255,0,0 and in 0,255,0");
  CHECK_ERROR(read({drawn(black), colored(black, black, 4)}), "a mask is opaque as a whole");
  check_square(read({drawn(red), drawn(red), colored({9, 9, 9, 0}, {9, 9, 9, 0}, 4)}).masks[0]);
}

TEST_CASE("masks: an index of a palette is one in files whose colors are gray, too") {
  std::vector<Color> labels{{0, 0, 0, 255}, {128, 0, 0, 255}, {0, 128, 0, 255}};
  labels.resize(7, {64, 0, 0, 255});
  labels.push_back({128, 128, 128, 255});
  for (std::vector<RawPicture> const& set :
       {std::vector{indexed(7, labels), with(indexed(7, labels), 1)},
        {indexed(7, labels), indexed(1, labels)}}) {
    Read const result = read(set, "7");
    check_square(result.masks[0]);
    CHECK(std::ranges::count(read(set, "128,128,128").masks[0], 255) == 256);
  }
  // A palette that holds what its picture uses.
  std::vector<Color> const two{{0, 0, 0, 255}, {255, 255, 255, 255}},
      three{{0, 0, 0, 255}, {255, 255, 255, 255}, {255, 0, 0, 255}};
  for (Mask const& mask : read({indexed(1, two), with(indexed(1, three), 2)}, "1").masks)
    check_square(mask);
  for (char const* choice : {"1", "255", "255,255,255", "any"}) {
    Read const result = read({indexed(1, two), gray(255), gray(0)}, choice);
    INFO(choice << ": " << result.meaning.notice);
    check_square(result.masks[0]);
  }
  CHECK(read({indexed(1, two), gray(255), gray(0)}).meaning.notice == "");
}

TEST_CASE("masks: a set of two kinds of files is refused, not half of it read as empty") {
  RawPicture const soft = blurred(gray(255), 9);
  CHECK_THROWS_WITH_AS(
      read({soft, soft, gray(1)}),
      "the masks are of two kinds: most reach 255, this one 1: masks, m2.png: write them alike, or "
      "choose what is the object with --mask-value",
      Error);
}

TEST_CASE("masks: of a value that few files hold the first file is named") {
  MaskSurvey survey;
  for (int i = 0; i < 30; ++i)
    survey.add(MaskSurvey::file_of(mask_values(gray(i == 17 ? 1 : 255), "mask"),
                                   "m" + std::to_string(i) + ".png"));
  CHECK_ERROR(survey.meaning({}, false, "masks"), "1 files, first m17.png)");
  CHECK_ERROR(survey.meaning({}, false, "masks"), "29 files), 1 (");
}

TEST_CASE("masks: a split without any object is an error unless it is meant") {
  CHECK_THROWS_WITH_AS(read({gray(0), gray(0)}),
                       "no mask holds an object: of 0 (100 %, 2 files): masks: choose what is "
                       "the object with --mask-value, or say --allow-empty",
                       Error);
  CHECK_NOTHROW(read({gray(0)}, "", true));
  CHECK_THROWS_AS(read({gray(1)}, "7"), Error);
}

TEST_CASE("masks: what is no choice of a value is refused") {
  for (char const* text : {"", ",", "1,", "1,2", "1,2,3,4", "-1", "65536", "256,0,0", "red", "1.5",
                           "99999999999999999999", " 1", "1 "})
    CHECK_THROWS_AS(parse_mask_choice(text), Error);
  try {
    parse_mask_choice(std::string(5000, '0') + ",");
    FAIL("a comma was taken for a value");
  } catch (Error const& error) {
    CHECK(std::string(error.what()).size() < 250);
  }
}

TEST_CASE("masks: a photograph is none") {
  RawPicture photo{.height = 90, .width = 90, .channels = 3, .bits = 8};
  std::mt19937 random(1);
  for (int i = 0; i < 90 * 90 * 3; ++i)
    photo.bytes.push_back(static_cast<std::uint8_t>(random() >> 24));
  CHECK_THROWS_AS(mask_values(photo, "m"), Error);
}

}  // namespace
