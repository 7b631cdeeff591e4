// SPDX-License-Identifier: MIT
#include <sys/resource.h>

#include <chrono>

#include "image/stored_pictures.hpp"
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/pictures.hpp"
#include "vlsm/image/read.hpp"

using namespace vlsm::test;

namespace {

bool by_libjpeg() { return vlsm::picture_readers().starts_with("JPEG by libjpeg"); }

std::string bytes_of(std::initializer_list<int> values) {
  std::string text;
  for (int value : values) text += static_cast<char>(value);
  return text;
}

}  // namespace

TEST_CASE("JPEG files of all kinds are decoded to Pillow's pixels") {
  auto const files = stored_pictures("jpeg");
  CHECK(files.size() >= 200);
  if (!by_libjpeg()) VLSM_SKIP("needs libjpeg-turbo");
  TempDir const folder;
  int equal = 0;
  for (auto const& file : files) {
    INFO(file.name);
    auto const path = folder / (file.name + ".jpg");
    write_file(path, file.bytes);
    vlsm::Image const image = vlsm::read_image(path);
    vlsm::Mask const mask = vlsm::read_mask(path);
    CHECK(image.shape(0) == file.height);
    CHECK(image.shape(1) == file.width);
    CHECK(checksum(image) == file.expected[0]);
    CHECK((file.expected[1] == "-" || checksum(mask) == file.expected[1]));
    equal += checksum(image) == file.expected[0];
    auto const raw = vlsm::read_raw_picture(path);
    CHECK(raw.lossy);
    CHECK(raw.channels == (file.expected[1] == "-" ? 3 : 1));
  }
  std::printf("%d of %zu files equal Pillow's pixels\n", equal, files.size());
}

TEST_CASE(
    "without libjpeg a JPEG is decoded nearly so, or refused with the package that it needs") {
  if (by_libjpeg()) VLSM_SKIP("libjpeg-turbo is there");
  auto const files = stored_pictures("jpeg");
  CHECK(error_of_picture(bytes_of(files, "ycc-444-base")).empty());
  CHECK(error_of_picture(bytes_of(files, "cmyk-adobe-444-base")).empty());
  for (std::string const name : {"cmyk-bare-444-base", "ycc-444-arith"}) {
    INFO(name);
    CHECK(error_of_picture(bytes_of(files, name)).find("libjpeg62-turbo-dev") != std::string::npos);
  }
}

TEST_CASE("a JPEG's header is told without decoding it") {
  auto const files = stored_pictures("jpeg");
  TempDir const folder;
  auto const header = [&](std::string const& bytes) {
    write_file(folder / "picture", bytes);
    return vlsm::read_picture_header(folder / "picture");
  };
  for (auto const& file : files) {
    auto const told = header(file.bytes);
    CHECK(told.format == vlsm::PictureHeader::Format::jpeg);
    CHECK(told.width == file.width);
    CHECK(told.height == file.height);
    CHECK(told.bits == 8);
    CHECK(told.orientation == (file.name == "pillow-exif" ? 6 : 1));
    CHECK(told.channels == (file.name.starts_with("gray")                                    ? 1
                            : file.name.starts_with("cmyk") || file.name.starts_with("ycck") ? 4
                                                                                             : 3));
  }
  CHECK(header(bytes_of(files, "ycc-420-base").substr(0, 400)).width >
        0);  // cut off behind the header
}

TEST_CASE("a JPEG whose tables or scans are no such is refused before it is decoded") {
  // 15 bytes by which stb_image's decoder writes beyond its Huffman table.
  CHECK(
      error_of_picture(bytes_of({0xff, 0xd8, 0xff, 0xc4, 0xb8, 0, 0, 0, 0, 0, 0, 0xfa, 0x87, 0, 0}))
          .find("header is damaged") != std::string::npos);
  auto const files = stored_pictures("jpeg");
  std::string const whole = bytes_of(files, "ycc-444-base");
  std::size_t const table = whole.find("\xff\xc4");
  REQUIRE(table != std::string::npos);
  for (auto const& [at, value] :
       {std::pair<std::size_t, int>{0, 0x40}, {0, 0x24}, {1, 3}, {9, 0xfa}}) {
    std::string damaged = whole;
    damaged[table + 4 + at] = static_cast<char>(value);
    CHECK(error_of_picture(damaged).find("damaged or cut off") != std::string::npos);
  }
  // A table of more codes than a picture has values, each length within its bounds.
  std::string counts(16, '\0');
  counts[8] = static_cast<char>(0xff), counts[9] = 2, counts[10] = 1;
  std::string const tables = std::string(1, '\0') + counts + std::string(258, '\0');
  std::string const segment = bytes_of({0xff, 0xc4, 0x01, 0x15}) + tables;
  CHECK(error_of_picture(whole.substr(0, table) + segment + whole.substr(table)).find("damaged") !=
        std::string::npos);
}

TEST_CASE("a JPEG whose numbers grow beyond an int is decoded to some picture") {
  // 16-bit factors of 65535, and 65,792 blocks of 8 x 8 pixels, each 32767 above the last one: the
  // codes are a 0 for "15 bits follow", 15 ones, and a 0 for the block's end.
  std::string scan;
  unsigned bits = 0, count = 0;
  for (int block = 0; block < 256 * 257; ++block) {
    bits = bits << 17 | 0xfffe, count += 17;
    for (; count >= 8; count -= 8) {
      scan += static_cast<char>(bits >> (count - 8) & 0xff);
      if (scan.back() == '\xff') scan += '\0';
    }
    bits &= (1u << count) - 1;
  }
  auto const one_code = [](int place, int value) {
    return bytes_of(
        {0xff, 0xc4, 0, 20, place, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, value});
  };
  std::string const file =
      bytes_of({0xff, 0xd8, 0xff, 0xdb, 0, 131, 0x10}) + std::string(128, '\xff') +
      bytes_of({0xff, 0xc0, 0, 11, 8, 8, 8, 8, 0, 1, 1, 0x11, 0}) +  // 2056 rows of 2048
      one_code(0, 15) + one_code(0x10, 0) + bytes_of({0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0}) + scan +
      bytes_of({0xff, 0xd9});
  vlsm::Image const image = vlsm::parse_image(file, "picture");
  CHECK(image.shape(0) == 2056);
  CHECK(image.shape(1) == 2048);
}

TEST_CASE("a JPEG without Huffman tables has the usual ones, as in PIL, or is refused") {
  for (auto const& file : stored_pictures("jpeg")) {
    if (file.name != "gray-444-base" && file.name != "ycc-420-base" && file.name != "ycc-444-prog")
      continue;
    INFO(file.name);
    std::string bytes = file.bytes;
    for (std::size_t at = 0; (at = bytes.find("\xff\xc4")) != std::string::npos;)
      bytes.erase(at, 2 + (static_cast<unsigned char>(bytes[at + 2]) << 8 |
                           static_cast<unsigned char>(bytes[at + 3])));
    TempDir const folder;
    write_file(folder / "picture", bytes);
    if (by_libjpeg() && file.name.ends_with("base"))
      CHECK(checksum(vlsm::read_image(folder / "picture")) == file.expected[0]);
    else if (!by_libjpeg())
      CHECK(error_of_picture(bytes).find("damaged") != std::string::npos);
  }
}

TEST_CASE("a JPEG of very many scans is refused") {
  std::string const whole = bytes_of(stored_pictures("jpeg"), "gray-444-prog");
  std::size_t const scan = whole.find("\xff\xda"), next = whole.find("\xff\xc4", scan);
  REQUIRE(next != std::string::npos);
  CHECK(error_of_picture(whole).empty());
  std::string bomb = whole.substr(0, scan);
  for (int i = 0; i < 1000; ++i) bomb += whole.substr(scan, next - scan);
  auto const start = std::chrono::steady_clock::now();
  CHECK(error_of_picture(bomb + whole.substr(scan)).find("damaged") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
}

TEST_CASE("a large JPEG that holds nothing is refused and takes no memory") {
  std::string whole = bytes_of(stored_pictures("jpeg"), "ycc-420-prog");
  std::size_t const frame = whole.find("\xff\xc2");
  REQUIRE(frame != std::string::npos);
  for (std::size_t i : {5u, 7u}) whole[frame + i] = 0x27, whole[frame + i + 1] = 0x10;  // 10,000
  auto const peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;  // MiB
  };
  auto const before = peak();
  std::string const told = error_of_picture(whole);
  if (by_libjpeg()) {
    CHECK(told.find("damaged") != std::string::npos);
    CHECK(peak() - before < 48);
  }
  for (std::size_t i : {5u, 7u}) whole[frame + i] = 0x7f;
  CHECK(error_of_picture(whole).find("too large: 32528 x 32528") != std::string::npos);
}

TEST_CASE("every kind of JPEG is refused in one line wherever it is cut") {
  auto const files = stored_pictures("jpeg");
  for (std::size_t i = 0; i < files.size(); i += 5) {
    std::string const& whole = files[i].bytes;
    INFO(files[i].name);
    std::size_t const end = whole.rfind("\xff\xd9") + 1;
    for (std::size_t size = 3; size <= end; size += 1 + end / 23) {
      std::string const told = error_of_picture(whole.substr(0, size));
      CHECK(!told.empty());
      CHECK(told.find('\n') == std::string::npos);
    }
    CHECK(!error_of_picture(whole.substr(0, end)).empty());
  }
}

TEST_CASE("damage within a scan is told, or leaves a picture") {
  auto const files = stored_pictures("jpeg");
  int refused = 0, tried = 0;
  for (std::size_t i = 0; i < files.size(); i += 3)
    for (std::size_t at = 20 + i % 7; at < files[i].bytes.size(); at += 61) {
      std::string damaged = files[i].bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
      std::string const told = error_of_picture(damaged);
      CHECK(told.find('\n') == std::string::npos);
      ++tried, refused += !told.empty();
    }
  std::printf("%d of %d damaged files were refused\n", refused, tried);
}
