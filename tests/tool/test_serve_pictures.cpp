// SPDX-License-Identifier: MIT
#include <algorithm>

#include "image/stored_pictures.hpp"
#include "support/pictures.hpp"
#include "tool/served_pictures.hpp"
#include "vlsm/image/read.hpp"
#include "volume/builders.hpp"

// What `vlsm serve` takes for a picture, and how long it keeps it.
using namespace vlsm::test;

namespace {

std::vector<std::string> const small{"--model", "clipseg-small", "--weights", "random"};

Reply send(Serving const& server, std::string const& bytes, std::string const& query = "") {
  return server.post("/v1/pictures" + query, "application/octet-stream", bytes);
}

bool reads(Serving const& server, std::string const& format) {
  auto const formats = server.get("/v1/model").json().at("formats").get<std::vector<std::string>>();
  return std::ranges::find(formats, format) != formats.end();
}

/// The pixels that the page is shown of a picture that was taken.
vlsm::Image shown(Serving const& server, nlohmann::json const& taken) {
  Reply const reply = server.get("/v1/pictures/" + taken.at("picture").get<std::string>());
  return vlsm::parse_image(reply.body, "answer");
}

/// The red levels of what is shown; the others must be the same.
std::vector<int> grays(Serving const& server, nlohmann::json const& taken) {
  vlsm::Image const image = shown(server, taken);
  std::vector<int> levels;
  for (std::size_t i = 0; i < image.size(); i += 3) {
    CHECK(image.data()[i] == image.data()[i + 1]);
    CHECK(image.data()[i] == image.data()[i + 2]);
    levels.push_back(image.data()[i]);
  }
  return levels;
}

/// Numbers from 0 to 4000, half a percent of which is less than one of them.
std::vector<std::uint16_t> const words{0, 1000, 2000, 3000, 4000, 4000};
std::vector<int> const levels_of_words{0, 64, 128, 191, 255, 255};
std::string const notice_of_words = "numbers from 0 to 4000 are shown as gray levels";

/// A gzip file of one stored block.
std::string gzip_of(std::string const& bytes) {
  std::string const zlib = stored_zlib(bytes);  // two bytes, the block, four bytes
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\3", 10) + zlib.substr(2, zlib.size() - 6) +
         number_bytes(vlsm::io::crc32(std::as_bytes(std::span(bytes)))) +
         number_bytes(static_cast<std::uint32_t>(bytes.size()));
}

}  // namespace

TEST_CASE("TIFF files of all kinds are shown as Pillow's pixels") {
  Serving const server(small);
  if (!reads(server, "tiff")) VLSM_SKIP("needs libtiff");
  auto const files = stored_pictures("tiff");
  REQUIRE(files.size() >= 80);
  for (auto const& file : files) {
    INFO(file.name);
    auto const taken = send(server, file.bytes).json();
    CHECK(taken.at("width") == file.width);
    CHECK(taken.at("height") == file.height);
    CHECK(checksum(shown(server, taken)) == file.expected[0]);
    check_refused(send(server, file.bytes.substr(0, file.bytes.size() / 3)), 422, "picture");
  }
}

TEST_CASE("DICOM files of all kinds are shown and get masks") {
  Serving const server(small);
  if (!reads(server, "dicom")) VLSM_SKIP("needs DCMTK");
  auto const taken = [&](DicomSpec const& spec) { return send(server, spec.bytes()).json(); };
  auto const plain = taken({});
  CHECK(plain.at("width") == 3);
  CHECK(plain.at("height") == 2);
  CHECK(plain.at("slices") == 1);
  CHECK(plain.at("notices").empty());
  CHECK(grays(server, plain) == std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(grays(server, taken({.syntax = "1.2.840.10008.1.2", .implicit = true})) ==
        std::vector<int>{0, 1, 2, 3, 4, 5});
  CHECK(grays(server, taken({.kind = "MONOCHROME1"})) ==
        std::vector<int>{255, 254, 253, 252, 251, 250});
  for (bool big : {false, true}) {
    auto const deep = taken({.syntax = big ? "1.2.840.10008.1.2.2" : "1.2.840.10008.1.2.1",
                             .allocated = 16,
                             .stored = 12,
                             .big = big,
                             .pixels = samples(words, big)});
    CHECK(grays(server, deep) == levels_of_words);
    CHECK(deep.at("notices") == nlohmann::json{notice_of_words});
  }
  auto const run_lengths = taken({.syntax = "1.2.840.10008.1.2.5",
                                  .pixels = run_length_fragments({std::string("\7\6\5\4\3\2", 6)}),
                                  .packed = true});
  CHECK(grays(server, run_lengths) == std::vector<int>{7, 6, 5, 4, 3, 2});

  auto const color = taken({.kind = "RGB", .samples = 3, .pixels = "rgbRGBxyzXYZuvwUVW"});
  vlsm::Image const image = shown(server, color);
  CHECK(std::string(image.begin(), image.end()) == "rgbRGBxyzXYZuvwUVW");

  // The mask is that of the same pixels as a PNG.
  auto const mask_of = [&](std::string const& picture) {
    nlohmann::json const request{{"picture", picture}, {"prompts", {"x"}}, {"format", "float32"}};
    return data_of(server.post("/v1/masks", request).json());
  };
  CHECK(mask_of(color.at("picture")) == mask_of(server.picture(vlsm::encode_png(image))));

  check_refused(send(server, DicomSpec{.syntax = "1.2.840.10008.1.2.4.90"}.bytes()), 422,
                "JPEG2000");
  check_refused(send(server, DicomSpec{.no_pixels = true}.bytes()), 422, "pixel");
  check_refused(send(server, DicomSpec{.rows = 60000, .columns = 60000}.bytes()), 422, "picture");
  std::string const whole = DicomSpec{}.bytes();
  for (std::size_t size = 132; size < whole.size(); size += 7)
    check_refused(send(server, whole.substr(0, size)), 422, "picture");
  check_refused(send(server, whole, "?slice=1"), 400, "slice");
}

TEST_CASE("each slice of a NIfTI file is a picture, packed or not") {
  Serving const server(small);
  if (!reads(server, "nifti")) VLSM_SKIP("needs libnifti");
  NiftiSpec const bytes{.sides = {3, 2, 2}};
  std::string const file = bytes.header() + std::string("\0\1\2\3\4\5\6\7\10\11\12\13", 12);
  for (int slice : {0, 1}) {
    auto const taken = send(server, file, "?slice=" + std::to_string(slice)).json();
    CHECK(taken.at("slices") == 2);
    CHECK(taken.at("slice") == slice);
    CHECK(taken.at("notices").empty());
    int const first = 6 * slice;
    CHECK(grays(server, taken) ==
          std::vector<int>{first, first + 1, first + 2, first + 3, first + 4, first + 5});
  }
  check_refused(send(server, file, "?slice=2"), 400, "no slice 2 of 2");
  for (bool big : {false, true}) {
    NiftiSpec const deep{.sides = {3, 2}, .type = 512, .big = big};
    auto const taken = send(server, deep.header() + samples(words, big)).json();
    CHECK(grays(server, taken) == levels_of_words);
    CHECK(taken.at("notices") == nlohmann::json{notice_of_words});
  }
  std::string const packed = gzip_of(file);
  auto const taken = send(server, packed, "?slice=1").json();
  CHECK(grays(server, taken) == std::vector<int>{6, 7, 8, 9, 10, 11});
  for (std::size_t size = 348; size < file.size(); ++size)
    check_refused(send(server, file.substr(0, size)), 422, "picture");
  for (std::size_t size = 2; size < packed.size(); size += 3)
    check_refused(send(server, packed.substr(0, size)), 422, "picture");
}

TEST_CASE("pictures of every size, good and bad") {
  Serving const server(small);
  auto const tiny = send(server, plain_png(1, 1, '\x80')).json();
  CHECK(tiny.at("width") == 1);
  CHECK(tiny.at("slices") == 1);
  auto const answer =
      server.post("/v1/masks", nlohmann::json{{"picture", tiny.at("picture")}, {"prompts", {"x"}}});
  CHECK(vlsm::parse_mask(data_of(answer.json()), "answer").size() == 1);
  CHECK(send(server, plain_png(4, 100, '\0')).json().at("notices").dump().find("squeezed") !=
        std::string::npos);
  check_refused(send(server, ""), 422, "empty");
  check_refused(send(server, "no picture"), 422, "no PNG or JPEG");
  check_refused(send(server, small_png().substr(0, 60)), 422, "damaged");
  std::string broken = small_png();
  broken[broken.size() / 2] ^= 1;
  check_refused(send(server, broken), 422, "damaged");
  check_refused(send(server, png_of_stream(60000, 60000, 8, gray, "")), 422, "too large");
  check_refused(send(server, png_of_stream(0, 5, 8, gray, "")), 422, "no pixels");
  check_refused(send(server, "\x1f\x8b no gzip"), 422, "gzip");
  check_refused(send(server, small_png(), "?slice=1"), 400, "slice");
  for (char const* slice : {"-1", "x", "1.5", "", "99999999999999999999"})
    check_refused(send(server, small_png(), std::string("?slice=") + slice), 400, "slice");
  CHECK(send(server, small_png(), "?slice=0&other=1").status == 400);
  Reply const shown = server.get("/v1/pictures/" + server.picture(small_png()) + "?most=8");
  CHECK(shown.headers.at("content-type") == "image/png");
  vlsm::Image const image = vlsm::parse_image(shown.body, "answer");
  CHECK(image.shape(1) == 8);
  CHECK(image.shape(0) == 6);
  check_refused(server.get("/v1/pictures/" + server.picture(small_png()) + "?most=0"), 400, "most");
}

TEST_CASE("a picture of 8000 x 6000 comes in scaled and goes out whole") {
  Serving const server(small);
  auto const posted = server.post("/v1/pictures", "image/png", picture_png(8000, 6000)).json();
  CHECK(posted.at("width") == 8000);
  auto const answer = server
                          .post("/v1/masks", nlohmann::json{{"picture", posted.at("picture")},
                                                            {"prompts", {"x"}},
                                                            {"format", "mask"}})
                          .json();
  vlsm::Mask const mask = vlsm::parse_mask(data_of(answer), "answer");
  CHECK(mask.shape(0) == 6000);
  CHECK(mask.shape(1) == 8000);
  Reply const shown = server.get("/v1/pictures/" + posted.at("picture").get<std::string>());
  CHECK(vlsm::parse_image(shown.body, "answer").shape(1) == 2048);
}

TEST_CASE("pictures that were not asked for the longest make room, and are taken again") {
  Serving const server(with(small, {"--cache", "1"}));
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < 12; ++i) ids.push_back(server.picture(picture_png(100 + i, 80)));
  auto const ask = [&](std::string const& id) {
    return server.post("/v1/masks", nlohmann::json{{"picture", id}, {"prompts", {"x"}}}).status;
  };
  CHECK(ask(ids.back()) == 200);
  CHECK(ask(ids.front()) == 404);
  CHECK(server.get("/v1/pictures/" + ids.front()).status == 404);
  CHECK(server.picture(picture_png(100, 80)) == ids.front());
  CHECK(ask(ids.front()) == 200);
  auto const again = server.post("/v1/pictures", "image/png", picture_png(100, 80)).json();
  CHECK(again.at("milliseconds").at("encode") == 0.0);  // known: nothing is computed
  std::string const noise(1'100'000, 'x');
  check_refused(server.post("/v1/pictures", "image/png", noise), 413, "--cache");
}
