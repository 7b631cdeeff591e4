// SPDX-License-Identifier: MIT
#include <cstdlib>

#include "image/stored_pictures.hpp"
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/pictures.hpp"
#include "vlsm/image/png_paeth.hpp"
#include "vlsm/image/read.hpp"

using namespace vlsm::test;

TEST_CASE("PNG files of every depth, color and filter are decoded to Pillow's pixels") {
  TempDir const folder;
  auto const files = stored_pictures("png");
  CHECK(files.size() >= 100);
  for (auto const& file : files) {
    INFO(file.name);
    auto const path = folder / (file.name + ".png");
    write_file(path, file.bytes);
    vlsm::Image const image = vlsm::read_image(path);
    CHECK(image.shape(0) == file.height);
    CHECK(image.shape(1) == file.width);
    CHECK(checksum(image) == file.expected[0]);
    vlsm::Mask const mask = vlsm::read_mask(path);
    REQUIRE(mask.size() == file.height * file.width);
    bool red = true;
    for (std::size_t i = 0; i < mask.size(); ++i)
      red = red && mask.data()[i] == image.data()[3 * i];
    CHECK(red);
  }
}

TEST_CASE("the Paeth prediction is the standard's for all samples") {
  auto const standard = [](int left, int above, int corner) {  // ISO 15948, 9.4
    int const p = left + above - corner, a = std::abs(p - left), b = std::abs(p - above),
              c = std::abs(p - corner);
    return a <= b && a <= c ? left : b <= c ? above : corner;
  };
  int wrong = 0;
  for (int left = 0; left < 256; ++left)
    for (int above = 0; above < 256; ++above)
      for (int corner = 0; corner < 256; corner += 8) {
        using vlsm::detail::Words8;
        auto const all = [](int value) { return Words8{} + static_cast<std::int16_t>(value); };
        Words8 const corners = all(corner) + Words8{0, 1, 2, 3, 4, 5, 6, 7};
        Words8 const found = vlsm::detail::paeth_prediction(all(left), all(above), corners);
        for (int i = 0; i < 8; ++i) wrong += found[i] != standard(left, above, corner + i);
      }
  CHECK(wrong == 0);
}

TEST_CASE("a raw picture holds the samples as stored") {
  TempDir const folder;
  for (auto const& file : stored_pictures("png")) {
    INFO(file.name);
    auto const path = folder / (file.name + ".png");
    write_file(path, file.bytes);
    vlsm::RawPicture const raw = vlsm::read_raw_picture(path);
    vlsm::PictureHeader const header = vlsm::read_picture_header(path);
    CHECK(raw.height == file.height);
    CHECK(raw.width == file.width);
    CHECK(!raw.lossy);
    std::vector<std::uint8_t> bytes = raw.bytes;
    for (std::uint16_t word : raw.words) {
      bytes.push_back(static_cast<std::uint8_t>(word >> 8));
      bytes.push_back(static_cast<std::uint8_t>(word & 255));
    }
    CHECK((raw.bits == 16 ? raw.bytes.empty() : raw.words.empty()));
    CHECK(checksum(bytes) == file.expected[1]);
    CHECK(header.format == vlsm::PictureHeader::Format::png);
    CHECK(header.height == raw.height);
    CHECK(header.width == raw.width);
    CHECK(header.bits == raw.bits);
    CHECK(header.channels == raw.channels);
    CHECK(header.palette == !raw.palette.empty());
    std::string alpha;
    for (std::size_t i = 0; i < 4 && !raw.palette.empty(); ++i)
      alpha += (i ? "," : "") + std::to_string(raw.palette[i][3]);
    CHECK((alpha.empty() ? "-" : alpha) == file.expected[2]);
  }
}

TEST_CASE("an orientation is found wherever the chunk stands, and damage to it is none") {
  TempDir const folder;
  std::string const whole = small_png();
  std::string const tiff("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 26);
  auto const orientation = [&](std::string const& bytes) {
    write_file(folder / "picture", bytes);
    return vlsm::read_picture_header(folder / "picture").orientation;
  };
  std::string const chunk = png_chunk("eXIf", tiff);
  CHECK(orientation(whole) == 1);
  CHECK(orientation(whole.substr(0, 33) + chunk + whole.substr(33)) == 6);
  CHECK(orientation(whole.substr(0, whole.size() - 12) + chunk + whole.substr(whole.size() - 12)) ==
        6);
  for (std::size_t size = 0; size < tiff.size() - 6; ++size)
    CHECK(orientation(whole.substr(0, 33) + png_chunk("eXIf", tiff.substr(0, size)) +
                      whole.substr(33)) == 1);
  for (std::size_t at = 0; at < tiff.size(); ++at) {
    std::string damaged = tiff;
    damaged[at] = static_cast<char>(0xff);
    int const told = orientation(whole.substr(0, 33) + png_chunk("eXIf", damaged));
    CHECK((told == 1 || told == 6));
  }
}

TEST_CASE("what the readers stand on is told") {
  CHECK(vlsm::picture_readers().find("JPEG by ") == 0);
  CHECK(vlsm::picture_readers().find(", PNG by ") != std::string::npos);
  std::printf("%s\n", vlsm::picture_readers().c_str());
}

TEST_CASE("a file in memory is read as one on the disk") {
  TempDir const folder;
  std::string const bytes = small_png();
  write_file(folder / "picture", bytes);
  CHECK(vlsm::parse_image(bytes, "sent") == vlsm::read_image(folder / "picture"));
  CHECK(vlsm::parse_mask(bytes, "sent") == vlsm::read_mask(folder / "picture"));
  CHECK(vlsm::parse_picture_header(bytes, "sent").width == 16);
  for (std::string const& bad : {std::string(), std::string("x"), bytes.substr(0, 40)}) {
    std::string const said = error_of([&] { return vlsm::parse_image(bad, "sent"); });
    CHECK(says(said, "sent"));
    CHECK(says(error_of([&] { return vlsm::parse_mask(bad, "sent"); }), "sent"));
  }
}
