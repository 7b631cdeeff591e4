// SPDX-License-Identifier: MIT
#include <sys/resource.h>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/pictures.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/resize.hpp"
#include "vlsm/image/write.hpp"

// The program's own, beside the library's.
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

using namespace vlsm::test;

namespace {

vlsm::Image decode(std::string const& bytes) {
  TempDir const folder;
  write_file(folder / "picture", bytes);
  return vlsm::read_image(folder / "picture");
}

std::vector<int> pixels(std::string const& bytes) {
  vlsm::Image const image = decode(bytes);
  return {image.begin(), image.end()};
}

std::string bytes_of(std::initializer_list<int> values) {
  std::string text;
  for (int value : values) text += static_cast<char>(value);
  return text;
}

std::string sixteen(std::initializer_list<int> values) {
  std::string text(1, '\0');
  for (int value : values) text += {static_cast<char>(value >> 8), static_cast<char>(value)};
  return text;
}

vlsm::Image gradient(std::size_t height, std::size_t width) {
  vlsm::Image image = vlsm::Image::from_shape({height, width, 3});
  for (std::size_t i = 0; i < image.size(); ++i)
    image.data()[i] = static_cast<std::uint8_t>(i * 7 % 251);
  return image;
}

std::string jpeg() {
  std::string bytes;
  vlsm::Image const image = gradient(40, 50);
  stbi_write_jpg_to_func(
      [](void* out, void* data, int size) {
        static_cast<std::string*>(out)->append(static_cast<char const*>(data),
                                               static_cast<std::size_t>(size));
      },
      &bytes, 50, 40, 3, image.data(), 90);
  return bytes;
}

}  // namespace

// The expected values are those of Pillow 13's convert('RGB').
TEST_CASE("gray pictures of every depth become RGB as PIL makes them") {
  CHECK(pixels(png(3, 1, 8, gray, bytes_of({0, 0, 100, 255}))) ==
        std::vector{0, 0, 0, 100, 100, 100, 255, 255, 255});
  CHECK(pixels(png(3, 1, 1, gray, bytes_of({0, 0b10100000}))) ==
        std::vector{255, 255, 255, 0, 0, 0, 255, 255, 255});
  CHECK(pixels(png(4, 1, 2, gray, bytes_of({0, 0b00011011}))) ==
        std::vector{0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255});
  CHECK(pixels(png(2, 1, 4, gray, bytes_of({0, 0x3c}))) == std::vector{51, 51, 51, 204, 204, 204});
  CHECK(pixels(png(4, 1, 16, gray, sixteen({0, 128, 0x017f, 0xffff}))) ==
        std::vector{0, 0, 0, 128, 128, 128, 255, 255, 255, 255, 255, 255});
  CHECK(pixels(png(2, 1, 8, gray, bytes_of({0, 7, 9}), png_chunk("tRNS", bytes_of({0, 7})))) ==
        std::vector{7, 7, 7, 9, 9, 9});
}

TEST_CASE("colors of 16 bits and alpha channels and palettes become RGB as PIL makes them") {
  CHECK(pixels(png(2, 1, 16, rgb, sixteen({0, 255, 0x1234, 0xffff, 0x80ff, 0x0180}))) ==
        std::vector{0, 0, 18, 255, 128, 1});
  CHECK(pixels(png(1, 1, 16, rgb_alpha, sixteen({0x1234, 0x56ff, 0x9a80, 0x8000}))) ==
        std::vector{18, 86, 154});
  CHECK(pixels(png(1, 1, 16, gray_alpha, sixteen({0x1234, 0x8000}))) == std::vector{18, 18, 18});
  CHECK(pixels(png(2, 1, 8, gray_alpha, bytes_of({0, 10, 0, 200, 128}))) ==
        std::vector{10, 10, 10, 200, 200, 200});
  CHECK(pixels(png(2, 1, 8, rgb_alpha, bytes_of({0, 10, 20, 30, 0, 200, 100, 50, 128}))) ==
        std::vector{10, 20, 30, 200, 100, 50});
  std::string const colors = png_chunk("PLTE", bytes_of({1, 2, 3, 250, 251, 252}));
  CHECK(pixels(png(2, 1, 8, palette, bytes_of({0, 1, 0}), colors)) ==
        std::vector{250, 251, 252, 1, 2, 3});
  CHECK(pixels(png(2, 1, 1, palette, bytes_of({0, 0b01000000}), colors)) ==
        std::vector{1, 2, 3, 250, 251, 252});
  CHECK(pixels(png(2, 1, 8, palette, bytes_of({0, 1, 0}),
                   colors + png_chunk("tRNS", bytes_of({0, 128})))) ==
        std::vector{250, 251, 252, 1, 2, 3});
}

TEST_CASE("what is no picture is told by name") {
  TempDir const folder;
  CHECK_ERROR(vlsm::read_image(folder / "missing.png"), "missing.png");
  CHECK_ERROR(vlsm::read_image(folder.path()), "this is a folder, not a picture");
  CHECK_ERROR(vlsm::read_image("/dev/null"), "this is not a regular file");
  CHECK_ERROR(vlsm::read_image(std::string(5000, 'x')), "cannot be read");
  CHECK_ERROR(decode(""), "the picture is empty");
  CHECK_ERROR(decode("no picture at all"), "no PNG or JPEG");
  CHECK_ERROR(decode("GIF89a\x01\x01\x01\x01\x01\x01"), "no PNG or JPEG");
  CHECK_ERROR(decode("\xff"), "no PNG or JPEG");
  CHECK_ERROR(decode("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 603\n"),
              "this is a Git LFS pointer, not the file itself");
}

TEST_CASE("sizes that cannot be are told before anything is decoded") {
  CHECK_ERROR(decode(png(0, 7, 8, gray, "")), "no pixels: 0 x 7");
  CHECK_ERROR(decode(png(7, 0, 8, gray, "")), "no pixels: 7 x 0");
  CHECK_ERROR(decode(png(100'000, 100'000, 8, rgb, "")), "too large: 100000 x 100000");
  CHECK_ERROR(decode(png(70'000, 1, 8, gray, "")), "too large: 70000 x 1");
  CHECK_ERROR(decode(png(20'000, 20'000, 8, gray, "")), "too large");
  CHECK_ERROR(decode(png(0xffffffff, 0xffffffff, 8, gray, "")), "too large");
  CHECK_ERROR(decode(png(9'000, 9'000, 8, gray, "few")), "damaged or cut off");
  CHECK_ERROR(decode(png(1, 1, 7, gray, bytes_of({0, 1}))), "damaged");
  CHECK_ERROR(decode(png(1, 1, 8, static_cast<PngColor>(9), bytes_of({0, 1}))), "damaged");
  CHECK_ERROR(decode(png(1, 1, 8, palette, bytes_of({0, 1}))), "damaged");
}

TEST_CASE("a color beyond the palette is black as PIL makes it") {
  std::string const colors = png_chunk("PLTE", bytes_of({1, 2, 3, 250, 251, 252}));
  std::vector const expected{250, 251, 252, 0, 0, 0, 0, 0, 0};
  std::string const rows = bytes_of({0, 1, 2, 255});
  CHECK(pixels(png(3, 1, 8, palette, rows, colors)) == expected);
  CHECK(pixels(png(3, 1, 8, palette, rows, png_chunk("tEXt", "PLTE") + colors)) == expected);
  CHECK(pixels(png(3, 1, 8, palette, rows, colors + png_chunk("tRNS", bytes_of({0})))) == expected);
  CHECK(pixels(png(2, 1, 4, palette, bytes_of({0, 0x1f}), colors)) ==
        std::vector{250, 251, 252, 0, 0, 0});
  CHECK_ERROR(decode(png(3, 1, 8, palette, rows, png_chunk("PLTE", ""))), "damaged");
  CHECK_ERROR(decode(png(3, 1, 8, palette, rows, png_chunk("PLTE", bytes_of({1, 2, 3, 4})))),
              "damaged");
}

TEST_CASE("a PNG that unpacks to far more than its size is refused and takes no memory") {
  auto const peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;  // MiB
  };
  std::string const bomb = png_of_stream(16, 16, 8, rgb, zlib_of_zeros(650'000));  // 335 MB
  REQUIRE(bomb.size() > 2'000'000);
  auto const before = peak();
  CHECK_ERROR(decode(bomb), "damaged");
  CHECK(peak() - before < 48);
  // The limit ends with the picture; what a little more holds is decoded, as PIL does.
  CHECK(decode(small_png()).shape(0) == 12);
  CHECK(decode(png_of_stream(16, 16, 8, rgb, zlib_of_zeros(50))).shape(0) == 16);
}

TEST_CASE("interlaced pictures of every shape stay within the limit") {
  struct Pass {
    std::uint32_t x, y, dx, dy;
  };
  constexpr Pass passes[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                             {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  for (std::uint32_t height : {1, 3, 8, 61})
    for (std::uint32_t width : {1, 2, 5, 8, 9, 17, 700})
      for (auto const& [depth, color] :
           {std::pair<char, PngColor>{1, gray}, {16, gray}, {8, rgb}, {16, rgb_alpha}}) {
        std::size_t const bits = static_cast<std::size_t>(depth) * (color == gray  ? 1
                                                                    : color == rgb ? 3
                                                                                   : 4);
        std::string rows;
        for (auto const& [x, y, dx, dy] : passes) {
          if (width <= x || height <= y) continue;
          std::size_t const wide = (width - x + dx - 1) / dx, high = (height - y + dy - 1) / dy;
          rows += std::string(high * (1 + (wide * bits + 7) / 8), '\0');
        }
        if (rows.size() > 65'535) continue;
        CHECK(decode(png(width, height, depth, color, rows, "", 1)).shape(1) == width);
      }
}

TEST_CASE("a PNG whose first chunk is not its header is refused") {
  std::string const whole = small_png();
  CHECK_ERROR(decode(whole.substr(0, 8) + png_chunk("CgBI", "\1\1\1\1") + whole.substr(8)),
              "header is damaged");
}

TEST_CASE("a PNG that is cut anywhere or damaged anywhere is refused") {
  std::string const whole = small_png();
  REQUIRE(decode(whole).shape(0) == 12);
  for (std::size_t size = 1; size < whole.size(); size += size < 80 ? 1 : 37)
    CHECK_THROWS_AS(decode(whole.substr(0, size)), vlsm::Error);
  for (std::size_t at = 0; at < whole.size(); at += at < 60 ? 1 : 41) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CHECK_THROWS_AS(decode(damaged), vlsm::Error);
  }
  CHECK(decode(whole + "appended").shape(1) == 16);
}

TEST_CASE("a JPEG that is cut anywhere is refused") {
  std::string const whole = jpeg();
  REQUIRE(decode(whole).shape(1) == 50);
  for (std::size_t size = 1; size < whole.size(); size += 13)
    CHECK_THROWS_AS(decode(whole.substr(0, size)), vlsm::Error);
  CHECK_THROWS_AS(decode(whole.substr(0, whole.size() - 1)), vlsm::Error);
  CHECK(decode(whole + "appended").shape(0) == 40);
}

TEST_CASE("a damaged JPEG is decoded or refused and nothing else") {
  std::string const whole = jpeg();
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    std::string told;
    try {
      (void)decode(damaged);
    } catch (vlsm::Error const& error) {
      told = error.what();
    }
    CHECK(told.find('\n') == std::string::npos);
  }
}

TEST_CASE("a mask is the first channel of a picture of any kind") {
  TempDir const folder;
  write_file(folder / "mask.png", png(2, 1, 8, rgb, bytes_of({0, 255, 1, 2, 0, 3, 4})));
  vlsm::Mask const mask = vlsm::read_mask(folder / "mask.png");
  CHECK(std::vector<int>(mask.begin(), mask.end()) == std::vector{255, 0});
  CHECK_ERROR(vlsm::read_mask(folder / "missing.png"), "missing.png");
}

TEST_CASE("pictures of one pixel and of one line are resized to any size") {
  for (auto const& [height, width] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {1, 3000}, {3000, 1}}) {
    vlsm::Image const resized = vlsm::resize_bilinear(gradient(height, width), 64, 64);
    CHECK(resized.shape(0) == 64);
    CHECK(resized.shape(1) == 64);
    vlsm::Mask const mask = vlsm::resize_nearest(vlsm::Mask::from_shape({height, width}), 64, 64);
    CHECK(vlsm::resize_nearest_exact(mask, height, width).size() == height * width);
  }
}

TEST_CASE("a picture that cannot be written leaves the older one and no other") {
  TempDir const folder;
  write_file(folder / "old.png", "old");
  std::filesystem::create_directory(folder / "taken.png");
  CHECK_ERROR(vlsm::write_png(folder / "taken.png", gradient(3, 3)), "taken.png");
  CHECK_ERROR(vlsm::write_png(folder / "no/folder.png", gradient(3, 3)), "no/folder.png");
  CHECK_ERROR(vlsm::write_png(folder / "old.png/below.png", gradient(3, 3)), "below.png");
  CHECK(read_file(folder / "old.png") == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
  vlsm::write_png(folder / "old.png", gradient(3, 3));
  CHECK(vlsm::read_image(folder / "old.png") == gradient(3, 3));
}
