// SPDX-License-Identifier: MIT
#include <limits>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/volume/nifti.hpp"
#include "volume/builders.hpp"

using namespace vlsm::test;

namespace {

bool has_nifti() {
  return error_of([] { return vlsm::parse_nifti_header("", "f"); }).find("libnifti-dev") ==
         std::string::npos;
}

std::vector<float> values_of(std::string const& bytes,
                             std::optional<std::size_t> frame = std::nullopt) {
  return vlsm::parse_nifti(bytes, "file", frame).values;
}

std::string error_of_file(std::string const& bytes) {
  return error_of([&] { return vlsm::parse_nifti(bytes, "scan.nii"); });
}

/// The only frame of a spec with some pixels.
template <class T>
void check_type(int type, std::vector<T> const& stored, std::vector<float> const& expected) {
  for (bool big : {false, true}) {
    INFO(type);
    NiftiSpec const spec{.sides = {static_cast<int>(stored.size()), 1}, .type = type, .big = big};
    CHECK(values_of(spec.header() + samples(stored, big)) == expected);
  }
}

#define VLSM_NEEDS_NIFTI \
  if (!has_nifti()) VLSM_SKIP("needs libnifti")

}  // namespace

TEST_CASE("a build without libnifti names the package") {
  if (has_nifti()) VLSM_SKIP("libnifti is there");
  CHECK(says(error_of_file(NiftiSpec{}.header() + "abcdef"), "libnifti-dev"));
}

TEST_CASE("NIfTI voxels of every type are read in both byte orders") {
  VLSM_NEEDS_NIFTI;
  check_type<std::uint8_t>(2, {0, 1, 255}, {0, 1, 255});
  check_type<std::int8_t>(256, {-128, 0, 127}, {-128, 0, 127});
  check_type<std::uint16_t>(512, {0, 256, 65535}, {0, 256, 65535});
  check_type<std::int16_t>(4, {-32768, 1, 32767}, {-32768, 1, 32767});
  check_type<std::uint32_t>(768, {0, 70000, 16777216}, {0, 70000, 16777216});
  check_type<std::int32_t>(8, {-70000, 2}, {-70000, 2});
  check_type<float>(16, {0.5f, -3}, {0.5f, -3});
  check_type<double>(
      64, {0.25, 1e300, -1e300},
      {0.25f, std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()});
}

TEST_CASE("rows and columns are the file's, whatever its affine says") {
  VLSM_NEEDS_NIFTI;
  vlsm::Frame const frame = vlsm::parse_nifti(NiftiSpec{}.header() + "abcdef", "file");
  CHECK(frame.width == 3);
  CHECK(frame.height == 2);
  CHECK(frame.values == std::vector<float>{'a', 'b', 'c', 'd', 'e', 'f'});
}

TEST_CASE("slope and intercept are applied; 0 and what is no number are none") {
  VLSM_NEEDS_NIFTI;
  float const nan = std::numeric_limits<float>::quiet_NaN();
  auto const with = [&](float slope, float intercept) {
    NiftiSpec const spec{.sides = {2, 1}, .slope = slope, .intercept = intercept};
    return values_of(spec.header() + std::string("\1\2", 2));
  };
  CHECK(with(0.5f, 10) == std::vector<float>{10.5f, 11});
  CHECK(with(0, 10) == std::vector<float>{1, 2});
  CHECK(with(nan, 10) == std::vector<float>{1, 2});
  CHECK(with(2, nan) == std::vector<float>{2, 4});
}

TEST_CASE("two to seven dimensions are read; of several frames one must be named") {
  VLSM_NEEDS_NIFTI;
  CHECK(values_of(NiftiSpec{.sides = {2, 1, 1}}.header() + "ab") == std::vector<float>{'a', 'b'});
  CHECK(values_of(NiftiSpec{.sides = {2, 1, 1, 1, 1, 1, 1}}.header() + "ab").size() == 2);
  std::string const many = NiftiSpec{.sides = {2, 1, 2, 3}}.header() + "abcdefghijkl";
  CHECK(says(error_of_file(many), "holds 6 frames: scan.nii"));
  CHECK(values_of(many, 4) == std::vector<float>{'i', 'j'});
  CHECK(says(error_of([&] { return vlsm::parse_nifti(many, "f", 6); }), "no frame 6"));
  CHECK(vlsm::parse_nifti_header(many, "f").frames == 6);
  CHECK(says(error_of_file(NiftiSpec{.sides = {2}}.header() + "ab"), "1 dimensions"));
  CHECK(says(error_of_file(NiftiSpec{.dimensions = 8}.header() + "ab"), "8 dimensions"));
}

TEST_CASE("sides that cannot be are told before anything is read") {
  VLSM_NEEDS_NIFTI;
  auto const with = [](std::vector<int> const& sides) {
    return error_of_file(NiftiSpec{.sides = sides}.header() + "abcdef");
  };
  CHECK(says(with({0, 2}), "must be 1 or more, not 0 x 2"));
  CHECK(says(with({3, -2}), "must be 1 or more, not 3 x -2"));
  CHECK(says(with({3, 2, 0}), "side 3"));
  CHECK(says(with({3, 2, 1, -1}), "side 4"));
  CHECK(says(with({32767, 32767}), "too large: 32767 x 32767"));
  CHECK(says(with({3, 2, 32767, 32767, 32767, 32767, 32767}), "overflows"));
  CHECK(says(with({3000, 2000}), "cut off"));
}

TEST_CASE("kinds of voxels that are not read are named") {
  VLSM_NEEDS_NIFTI;
  auto const with = [](int type) {
    return error_of_file(NiftiSpec{.type = type}.header() + std::string(200, 'x'));
  };
  CHECK(says(with(2304), "RGBA32 (code 2304)"));
  CHECK(says(with(128), "RGB24"));
  CHECK(says(with(32), "COMPLEX64"));
  CHECK(says(with(1), "code 1"));
  CHECK(says(with(1024), "INT64"));
  CHECK(says(with(12345), "code 12345"));
}

TEST_CASE("what is no NIfTI file, or not a whole one, is an Error") {
  VLSM_NEEDS_NIFTI;
  std::string const whole = NiftiSpec{}.header() + "abcdef";
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(error_of_file(whole.substr(0, size)).empty());
  CHECK(says(error_of_file("no header"), "no NIfTI-1 file"));
  CHECK(says(error_of_file(std::string(400, '\0')), "no NIfTI-1 file"));
  CHECK(says(error_of_file(NiftiSpec{.magic = "abcd"}.header()), "no NIfTI-1 file"));
  CHECK(says(error_of_file(number_bytes(540) + "n+2" + std::string(600, '\0')), "NIfTI-2"));
  CHECK(says(error_of_file(whole.substr(0, whole.size() - 1)), "cut off: 5 bytes of 6"));
  for (float offset : {-1.f, 0.5f, 1e30f, std::numeric_limits<float>::quiet_NaN()})
    CHECK(says(error_of_file(NiftiSpec{.offset = offset}.header() + "abcdef"), "vox_offset"));
  CHECK(says(error_of_file(NiftiSpec{.offset = 1e6f}.header() + "abcdef"), "cut off"));
  CHECK(values_of(NiftiSpec{.offset = 0}.header() + "abcdef").size() == 6);
  std::string const packed = "\x1f\x8b\x08" + std::string(20, 'x');
  CHECK(says(error_of_file(packed), "gzip"));
  // A trailer that promises gigabytes.
  CHECK(says(error_of_file("\x1f\x8b\x08" + std::string(40, '\0') + "\xff\xff\xff\x3f"), "gzip"));
}

TEST_CASE("a header and its .img file are read as a pair") {
  VLSM_NEEDS_NIFTI;
  TempDir const folder;
  std::string const header =
      NiftiSpec{.offset = 0, .magic = std::string("ni1\0", 4)}.header().substr(0, 348);
  write_file(folder / "a.hdr", header);
  auto const read = [&] { return vlsm::read_nifti(folder / "a.hdr"); };
  CHECK(says(error_of(read), "a.img"));
  write_file(folder / "a.img", "abcde");
  CHECK(says(error_of(read), "cut off"));
  write_file(folder / "a.img", "abcdef");
  CHECK(read().values == std::vector<float>{'a', 'b', 'c', 'd', 'e', 'f'});
  CHECK(says(error_of_file(header), ".img"));
  write_file(folder / "b.nii", header);
  CHECK(says(error_of([&] { return vlsm::read_nifti(folder / "b.nii"); }), "b.nii"));
  CHECK(says(error_of([&] { return vlsm::read_nifti(folder / "c.nii"); }), "c.nii"));
}

TEST_CASE("a frame becomes 8 bits only where nothing is cut off or rounded") {
  vlsm::Frame frame{.height = 2, .width = 2, .values = {0, 255, 7, 3}};
  CHECK(vlsm::gray_from_frame(frame, "f")(1, 0) == 7);
  CHECK(vlsm::range_of(frame).low == 0);
  CHECK(vlsm::range_of(frame).high == 255);
  CHECK(vlsm::range_of(frame).whole);
  auto const with = [&](float value) {
    frame.values[3] = value;
    return error_of([&] { return vlsm::gray_from_frame(frame, "scan.nii"); });
  };
  CHECK(says(with(256), "the value 256 in column 1, row 1"));
  CHECK(says(with(-1), "scan.nii"));
  CHECK(says(with(0.5f), "0.5"));
  CHECK_FALSE(vlsm::range_of(frame).whole);
  CHECK(says(with(std::numeric_limits<float>::quiet_NaN()), "nan"));
  CHECK(vlsm::range_of(frame).high == 255);
  CHECK_FALSE(vlsm::range_of(frame).whole);
}

TEST_CASE("CAMUS's NIfTI files give the expected pictures, broken ones an Error") {
  auto const root = shared("fixtures/datasets/camus_nifti");
  VLSM_NEEDS(root, "datasets/camus_nifti");
  VLSM_NEEDS_NIFTI;
  int count = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(*root / "source")) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with("_ED.nii.gz") && !name.ends_with("_ES.nii.gz")) continue;
    name.resize(name.size() - 7);
    for (char const* split : {"train", "test"}) {
      auto const expected = *root / "expected" / "images" / split / (name + ".png");
      if (!std::filesystem::exists(expected)) continue;
      INFO(name);
      vlsm::Mask const gray = vlsm::gray_from_frame(vlsm::read_nifti(entry.path()), name);
      CHECK(gray == vlsm::read_mask(expected));
      ++count;
    }
  }
  CHECK(count >= 16);
  std::pair<char const*, char const*> const bad[] = {
      {"cut-gzip", "gzip"},         {"huge-dim", "too large"}, {"not-nifti", "no NIfTI-1"},
      {"several-frames", "frames"}, {"short", "cut off"},      {"type", "RGBA"},
      {"zero-dim", "1 or more"}};
  for (auto const& [name, part] : bad) {
    INFO(name);
    auto const path = root->parent_path() / "bad" / (std::string("camus-nifti-") + name) /
                      "source/CAMUS_public/database_nifti/patient0032/patient0032_2CH_ED.nii.gz";
    CHECK(says(error_of([&] { return vlsm::read_nifti(path); }), part));
  }
}
