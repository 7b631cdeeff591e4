// SPDX-License-Identifier: MIT
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
#include "support/pictures.hpp"
#include "support/tiffs.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/formats/isic.hpp"
#include "vlsm/data/formats/polyp_bundle.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"

// Pictures of other kinds than the study's, and what becomes of them.
using namespace vlsm::test;
namespace fs = std::filesystem;

namespace {

bool by_libtiff() { return vlsm::picture_readers().find("TIFF by libtiff") != std::string::npos; }

/// Levels 0, 100, 200 … of 40 x 40 pixels, in 16 bits.
std::string deep(bool big_endian) {
  std::string bytes;
  for (unsigned i = 0; i < 1600; ++i) {
    if (big_endian && i % 40 == 0) bytes += '\0';  // a PNG's filter
    unsigned const level = i % 640 * 100;
    char const low = static_cast<char>(level & 0xff), high = static_cast<char>(level >> 8);
    bytes += big_endian ? std::string{high, low} : std::string{low, high};
  }
  return bytes;
}

std::string deep_tiff() { return gray_tiff(40, 40, deep(false), {{258, 3, 1, 16}}); }

}  // namespace

TEST_CASE("TIFF of 16 bits of gray is scaled, not made white, and it is said") {
  if (!by_libtiff()) VLSM_SKIP("needs libtiff");
  TempDir const folder;
  write_own_set(folder / "own", 2);
  fs::remove(folder / "own/images/p0.png");
  write_file(folder / "own/images/p0.tif", deep_tiff());
  auto const report = vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set");
  CHECK(finds(report, "deep_gray", {"p0.png"}));
  vlsm::Image const image = vlsm::read_image(folder / "set/images/p0.png");
  CHECK(image(0, 0, 0) == 0);
  CHECK(image(8, 0, 0) > 120);
  CHECK(image(8, 0, 0) < 135);
  // As do the layouts of publishers, here ETIS-LaribPolypDB's originals.
  fs::create_directories(folder / "ETIS-LaribPolypDB/Ground Truth");
  write_file(folder / "ETIS-LaribPolypDB/1.tif", deep_tiff());
  write_file(folder / "ETIS-LaribPolypDB/Ground Truth/p1.tif",
             gray_tiff(40, 40, std::string(800, '\0') + std::string(800, '\xff')));
  vlsm::prepare_dataset(vlsm::read_polyp_bundle(folder.path(), "etis_polyp"), folder / "etis");
  CHECK(vlsm::read_image(folder / "etis/images/1.png") == image);
}

TEST_CASE("PNG of 16 bits of gray is copied, and it is said that it is white") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  write_file(folder / "own/images/p1.png", png(40, 40, 16, gray, deep(true)));
  auto const report = vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set");
  CHECK(finds(report, "deep_gray", {"p1.png"}));
  CHECK(finds(vlsm::check_dataset(folder / "set"), "deep_gray", {"p1.png"}));
  CHECK(read_file(folder / "set/images/p1.png") == read_file(folder / "own/images/p1.png"));
}

TEST_CASE("a TIFF's orientation that its mask has not is named") {
  if (!by_libtiff()) VLSM_SKIP("needs libtiff");
  TempDir const folder;
  write_own_set(folder / "own", 2);
  fs::remove(folder / "own/images/p0.png");
  std::string const pixels = std::string(800, '\0') + std::string(800, '\xff');
  write_file(folder / "own/images/p0.tif", gray_tiff(40, 40, pixels, {{274, 3, 1, 3}}));
  auto const report = vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set");
  CHECK(finds(report, "exif_orientation", {"p0.png"}));
  fs::remove(folder / "own/masks/p0.png");
  write_file(folder / "own/masks/p0.tif", gray_tiff(40, 40, pixels, {{274, 3, 1, 3}}));
  auto const alike = vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "alike");
  CHECK(!finds(alike, "exif_orientation"));
  // A set in the study's layout may hold TIFF.
  fs::create_directories(folder / "own/anns");
  write_file(folder / "own/anns/all.json",
             R"([{"img_name": "p0.tif", "mask_name": "p1.png", "prompts": {"p0": ""}}])");
  CHECK(finds(vlsm::check_dataset(folder / "own"), "exif_orientation", {"p1.png"}));
}

TEST_CASE("two masks of one name that differ are an error") {
  TempDir const folder;
  for (auto const& [part, radius] : {std::pair{"Training", 9}, {"Test", 9}}) {
    fs::path const root = folder / ("ISBI2016_ISIC_Part1_" + std::string(part));
    fs::create_directories(root.string() + "_Data");
    fs::create_directories(root.string() + "_GroundTruth");
    vlsm::write_png(root.string() + "_Data/ISIC_1.png", vlsm::as_image(disk(40, 20, 20, 11)));
    vlsm::write_png(root.string() + "_GroundTruth/ISIC_1_Segmentation.png",
                    disk(40, 20, 20, static_cast<std::size_t>(radius)));
  }
  CHECK(vlsm::prepare_dataset(vlsm::read_isic(folder.path()), folder / "set").rows.at("test") == 1);
  vlsm::write_png(folder / "ISBI2016_ISIC_Part1_Test_GroundTruth/ISIC_1_Segmentation.png",
                  disk(40, 20, 20, 8));
  auto const said =
      error_of([&] { vlsm::prepare_dataset(vlsm::read_isic(folder.path()), folder / "other"); });
  CHECK(says(said, "Training_GroundTruth/ISIC_1_Segmentation.png"));
  CHECK(says(said, "Test_GroundTruth/ISIC_1_Segmentation.png"));
  CHECK(!fs::exists(folder / "other/anns"));
}
