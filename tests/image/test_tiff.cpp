// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "image/stored_pictures.hpp"
#include "support/doctest.hpp"
#include "support/tiffs.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/image/read.hpp"

using namespace vlsm::test;

namespace {

bool by_libtiff() { return vlsm::picture_readers().find("TIFF by libtiff") != std::string::npos; }

}  // namespace

TEST_CASE("TIFF files of all kinds are decoded to Pillow's pixels") {
  if (!by_libtiff()) VLSM_SKIP("needs libtiff");
  auto const files = stored_pictures("tiff");
  CHECK(files.size() >= 80);
  TempDir const folder;
  int equal = 0;
  for (auto const& file : files) {
    INFO(file.name);
    auto const path = folder / (file.name + ".tif");
    write_file(path, file.bytes);
    auto const header = vlsm::read_picture_header(path);
    CHECK(header.format == vlsm::PictureHeader::Format::tiff);
    CHECK(header.width == file.width);
    CHECK(header.height == file.height);
    CHECK(header.orientation == 1);
    vlsm::Image const image = vlsm::read_image(path);
    CHECK(checksum(image) == file.expected[0]);
    equal += checksum(image) == file.expected[0];
    vlsm::Mask const mask = vlsm::read_mask(path);
    bool red = mask.size() * 3 == image.size();
    for (std::size_t i = 0; red && i < mask.size(); ++i)
      red = mask.data()[i] == image.data()[3 * i];
    CHECK(red);
    auto const raw = vlsm::read_raw_picture(path);
    CHECK(raw.bits == header.bits);
    CHECK(raw.channels == header.channels);
    CHECK(raw.palette.empty() == !header.palette);
    CHECK_FALSE(raw.lossy);
  }
  std::printf("%d of %zu files equal Pillow's pixels\n", equal, files.size());
}

TEST_CASE("16-bit gray with 0 for white is inverted, which Pillow leaves out") {
  if (!by_libtiff()) VLSM_SKIP("needs libtiff");
  TempDir const folder;
  write_file(folder / "a.tif", gray_tiff(2, 1, std::string("\xff\xff\xf0\xff", 4),
                                         {{258, 3, 1, 16}, {262, 3, 1, 0}}));
  auto const raw = vlsm::read_raw_picture(folder / "a.tif");
  CHECK(raw.words == std::vector<std::uint16_t>{0, 15});
}

TEST_CASE("a TIFF that is cut off or damaged is an Error of one line") {
  if (!by_libtiff()) VLSM_SKIP("needs libtiff");
  auto const files = stored_pictures("tiff");
  for (auto const& file : files) {
    INFO(file.name);
    CHECK_FALSE(error_of_picture(file.bytes.substr(0, file.bytes.size() / 2)).empty());
    CHECK_FALSE(error_of_picture(file.bytes.substr(0, 9)).empty());
  }
  std::string const whole = gray_tiff(4, 4, std::string(16, 'x'));
  CHECK(error_of_picture(whole).empty());
  for (std::size_t size = 4; size < whole.size(); ++size)
    CHECK_FALSE(error_of_picture(whole.substr(0, size)).empty());
  CHECK(says(error_of_picture(whole.substr(0, whole.size() - 1)), "cut off"));
  CHECK(says(error_of_picture(bytes_of(files, "rgb8-lzw-le").substr(0, 400)), "picture"));
}

TEST_CASE("a TIFF that promises what it does not hold is refused before memory is asked for") {
  if (!by_libtiff()) VLSM_SKIP("needs libtiff");
  std::string const some(16, 'x');
  CHECK(says(error_of_picture(gray_tiff(0, 4, some)), "header is damaged"));
  CHECK(says(error_of_picture(gray_tiff(4'000'000'000, 4, some)), "too large"));
  CHECK(says(error_of_picture(gray_tiff(60'000, 60'000, some)), "too large"));
  for (std::uint32_t method : {1u, 5u, 8u, 32773u})
    CHECK(
        says(error_of_picture(gray_tiff(10'000, 10'000, some, {{259, 3, 1, method}})), "cut off"));
}

TEST_CASE("kinds of TIFF that are not read are named") {
  if (!by_libtiff()) VLSM_SKIP("needs libtiff");
  std::string const some(64, 'x');
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{259, 3, 1, 7}})), "JPEG"));
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{259, 3, 1, 4}})), "Group 4"));
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{259, 3, 1, 999}})), "999"));
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{262, 3, 1, 5}, {277, 3, 1, 4}})), "CMYK"));
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{262, 3, 1, 6}, {277, 3, 1, 3}})), "YCbCr"));
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{262, 3, 1, 8}})), "interpretation 8"));
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{258, 3, 1, 32}})), "32 bits"));
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{339, 3, 1, 2}})), "signed"));
  CHECK(says(error_of_picture(gray_tiff(4, 4, some, {{277, 3, 1, 3}})), "3 samples"));
  CHECK(
      says(error_of_picture(gray_tiff(4, 4, some, {{258, 3, 1, 4}, {262, 3, 1, 3}})), "Colormap"));
}

TEST_CASE("a build without libtiff names the package") {
  if (by_libtiff()) VLSM_SKIP("libtiff is there");
  CHECK(says(error_of_picture(gray_tiff(4, 4, std::string(16, 'x'))), "libtiff-dev"));
}

TEST_CASE("ClinicDB's TIFF files give the expected pictures and masks") {
  auto const root = shared("fixtures/datasets/clinicdb_tiff");
  VLSM_NEEDS(root, "datasets/clinicdb_tiff");
  if (!by_libtiff()) VLSM_SKIP("needs libtiff");
  for (char const* name : {"1", "2", "10", "77", "612"}) {
    INFO(name);
    std::string const number = name;
    auto const source = *root / "source" / "CVC-ClinicDB";
    CHECK(vlsm::read_image(source / "Original" / (number + ".tif")) ==
          vlsm::read_image(*root / "expected" / "images" / (number + ".png")));
    CHECK(vlsm::read_mask(source / "Ground Truth" / (number + ".tif")) ==
          vlsm::read_mask(*root / "expected" / "masks" / (number + ".png")));
  }
  auto const cut = root->parent_path() / "bad" / "clinicdb-cut-tiff" / "source" / "CVC-ClinicDB" /
                   "Original" / "1.tif";
  CHECK(says(error_of_picture(read_file(cut)), "cut off"));
}
