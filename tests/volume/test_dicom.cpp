// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/volume/dicom.hpp"
#include "volume/builders.hpp"

using namespace vlsm::test;

namespace {

std::string error_of_file(std::string const& bytes) {
  return error_of([&] { return vlsm::parse_dicom(bytes, "scan.dcm"); });
}
std::string error_of_spec(DicomSpec const& spec) { return error_of_file(spec.bytes()); }

bool has_dicom() { return error_of_file("").find("libdcmtk-dev") == std::string::npos; }

#define VLSM_NEEDS_DICOM \
  if (!has_dicom()) VLSM_SKIP("needs DCMTK")

std::vector<float> gray(DicomSpec const& spec) {
  vlsm::DicomPicture const picture = vlsm::parse_dicom(spec.bytes(), "file");
  CHECK_FALSE(picture.is_color);
  CHECK(picture.color.size() == 0);
  CHECK(picture.gray.width == 3);
  CHECK(picture.gray.height == 2);
  return picture.gray.values;
}

std::string const run_lengths = "1.2.840.10008.1.2.5";

}  // namespace

TEST_CASE("a build without DCMTK names the package") {
  if (has_dicom()) VLSM_SKIP("DCMTK is there");
  CHECK(says(error_of_spec({}), "libdcmtk-dev"));
}

TEST_CASE("gray of 8 and 16 bits is read in every plain transfer syntax") {
  VLSM_NEEDS_DICOM;
  std::vector<float> const expected = {0, 1, 2, 3, 4, 5};
  CHECK(gray({}) == expected);
  CHECK(gray({.syntax = "1.2.840.10008.1.2", .implicit = true}) == expected);
  CHECK(gray({.syntax = "1.2.840.10008.1.2.2", .big = true}) == expected);
  std::vector<std::uint16_t> const words = {0, 1, 256, 4095, 7, 0xf005};
  for (bool big : {false, true})
    CHECK(gray({.syntax = big ? "1.2.840.10008.1.2.2" : "1.2.840.10008.1.2.1",
                .allocated = 16,
                .stored = 12,
                .big = big,
                .pixels = samples(words, big)}) == std::vector<float>{0, 1, 256, 4095, 7, 5});
  CHECK(gray({.rows = 2,
              .allocated = 16,
              .stored = 12,
              .is_signed = true,
              .pixels = samples(words)}) == std::vector<float>{0, 1, 256, -1, 7, 5});
}

TEST_CASE("the rescale slope is applied, MONOCHROME1 inverted") {
  VLSM_NEEDS_DICOM;
  CHECK(gray({.slope = "2", .intercept = "-1.5"}) ==
        std::vector<float>{-1.5f, 0.5f, 2.5f, 4.5f, 6.5f, 8.5f});
  CHECK(gray({.kind = "MONOCHROME1"}) == std::vector<float>{255, 254, 253, 252, 251, 250});
  CHECK(gray({.kind = "MONOCHROME1", .stored = 4, .slope = "10"}) ==
        std::vector<float>{150, 140, 130, 120, 110, 100});
  CHECK(gray({.kind = "MONOCHROME1",
              .is_signed = true,
              .pixels = std::string("\0\1\x7f\x80\xff\2", 6)}) ==
        std::vector<float>{-1, -2, -128, 127, 0, -3});
  CHECK(gray({.slope = " +2.0 "})[1] == 2);
  for (char const* slope : {"1,5", "abc", "nan", "0", "1 2"})
    CHECK(error_of_spec({.slope = slope}).find("RescaleSlope is ") != std::string::npos);
  // As a program writes numbers that it does not know.
  for (char const* kind : {"UN", "OB"}) {
    DicomSpec unknown;
    unknown.early = unknown.element(0x28, 8, kind, "1 ") +
                    unknown.element(0x28, 0x1053, kind, std::string("3\0", 2));
    CHECK(gray(unknown)[1] == 3);
  }
  DicomSpec words;
  words.early = words.element(0x28, 0x1053, "OW", "3 ");
  CHECK(error_of_spec(words).find("RescaleSlope is ") != std::string::npos);
}

TEST_CASE("RGB is read, by pixels and by planes") {
  VLSM_NEEDS_DICOM;
  std::string const by_pixels = "rgbRGBxyzXYZuvwUVW", by_planes = "rRxXuUgGyYvVbBzZwW";
  for (bool planes : {false, true}) {
    DicomSpec const spec{
        .kind = "RGB", .samples = 3, .planes = planes, .pixels = planes ? by_planes : by_pixels};
    vlsm::DicomPicture const picture = vlsm::parse_dicom(spec.bytes(), "file");
    CHECK(picture.is_color);
    CHECK(picture.gray.values.empty());
    CHECK(picture.color.shape(0) == 2);
    CHECK(picture.color.shape(1) == 3);
    CHECK(std::string(picture.color.begin(), picture.color.end()) == by_pixels);
  }
}

TEST_CASE("run lengths are unpacked, and damaged ones refused") {
  VLSM_NEEDS_DICOM;
  auto const spec = [](std::vector<std::string> const& segments) {
    return DicomSpec{
        .syntax = run_lengths, .pixels = run_length_fragments(segments), .packed = true};
  };
  CHECK(gray(spec({"abcdef"})) == std::vector<float>{'a', 'b', 'c', 'd', 'e', 'f'});
  DicomSpec wide = spec({std::string("\0\1\2\3\4\5", 6), "abcdef"});
  wide.allocated = wide.stored = 16;
  CHECK(gray(wide)[2] == 2 * 256 + 'c');
  DicomSpec color = spec({"rRxXuU", "gGyYvV", "bBzZwW"});
  color.kind = "RGB", color.samples = 3;
  vlsm::Image const image = vlsm::parse_dicom(color.bytes(), "file").color;
  CHECK(std::string(image.begin(), image.end()) == "rgbRGBxyzXYZuvwUVW");
  CHECK(says(error_of_spec(spec({"abcde"})), "run lengths"));
  CHECK(says(error_of_spec(spec({"abcdef", "abcdef"})), "run lengths"));
  DicomSpec large = spec({"abcdef"});
  large.rows = large.columns = 9000;
  CHECK(says(error_of_spec(large), "fewer pixels"));
  DicomSpec cut = spec({"abcdef"});
  std::string const whole = cut.bytes();
  for (std::size_t size = whole.size() - 80; size < whole.size() - 16; ++size)
    CHECK_FALSE(error_of_file(whole.substr(0, size)).empty());
  cut.pixels = run_length_fragments({"abcdef"}).substr(0, 8);
  CHECK_FALSE(error_of_spec(cut).empty());
}

TEST_CASE("transfer syntaxes that are not read are told by name and UID") {
  VLSM_NEEDS_DICOM;
  CHECK(says(error_of_spec({.syntax = "1.2.840.10008.1.2.4.50"}), "JPEGBaseline"));
  CHECK(says(error_of_spec({.syntax = "1.2.840.10008.1.2.4.50"}), "1.2.840.10008.1.2.4.50"));
  CHECK(says(error_of_spec({.syntax = "1.2.840.10008.1.2.4.70"}), "JPEGLossless"));
  CHECK(says(error_of_spec({.syntax = "1.2.840.10008.1.2.4.90"}), "JPEG2000"));
  CHECK(says(error_of_spec({.syntax = "1.2.840.10008.1.2.1.99"}), "Deflated"));
  CHECK(says(error_of_spec({.syntax = "1.2.3"}), "unknown (1.2.3)"));
}

TEST_CASE("kinds of pixels that are not read are named") {
  VLSM_NEEDS_DICOM;
  CHECK(says(error_of_spec({.frames = "2"}), "holds 2 frames: scan.dcm"));
  CHECK(says(error_of_spec({.frames = "0"}), "holds 0 frames"));
  CHECK(says(error_of_spec({.kind = "PALETTE COLOR"}), "PALETTE COLOR"));
  CHECK(says(error_of_spec({.kind = "YBR_FULL", .samples = 3}), "YBR_FULL"));
  CHECK(says(error_of_spec({.samples = 3}), "3 samples"));
  CHECK(says(error_of_spec({.kind = "RGB"}), "1 samples"));
  CHECK(says(error_of_spec({.allocated = 32, .stored = 32}), "32 bits"));
  CHECK(says(error_of_spec({.allocated = 1, .stored = 1}), "1 bits"));
  CHECK(says(error_of_spec({.allocated = 16, .stored = 12, .high = 15}), "up to bit 15"));
  CHECK(says(error_of_spec({.stored = 12}), "12 of 8"));
  CHECK(says(error_of_spec({.no_pixels = true}), "no pixels"));
}

TEST_CASE("a DICOM file that is none, damaged or hostile is an Error") {
  VLSM_NEEDS_DICOM;
  CHECK(says(error_of_file("no header"), "no DICOM file"));
  CHECK(says(error_of_file(std::string(200, '\0')), "no DICOM file"));
  CHECK(says(error_of_spec({.rows = 0}), "1 or more, not 3 x 0"));
  CHECK(says(error_of_spec({.rows = 60000, .columns = 60000}), "too large"));
  CHECK(says(error_of_spec({.rows = 9000, .columns = 9000}), "fewer pixels"));
  std::string const whole = DicomSpec{}.bytes();
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(error_of_file(whole.substr(0, size)).empty());
  // An element that claims four gigabytes, and sequences within sequences.
  DicomSpec spec;
  spec.early = spec.head(8, 0x15, "UN", 0xfffffff0);
  CHECK_FALSE(error_of_spec(spec).empty());
  std::string nested;
  for (int i = 0; i < 100'000; ++i)
    nested +=
        spec.head(8, 0x1140, "SQ", 0xffffffff) + std::string("\xfe\xff\x00\xe0\xff\xff\xff\xff", 8);
  spec.early = nested;
  CHECK(says(error_of_spec(spec), "items of sequences"));
  spec.early = nested.substr(0, 20 * 1500);
  CHECK_FALSE(error_of_spec(spec).empty());
  TempDir const folder;
  CHECK(says(error_of([&] { return vlsm::read_dicom(folder / "a.dcm"); }), "a.dcm"));
  write_file(folder / "a.dcm", whole);
  CHECK(vlsm::read_dicom(folder / "a.dcm").gray.values.size() == 6);
}
