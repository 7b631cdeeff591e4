// SPDX-License-Identifier: MIT
#include <filesystem>

#include "io/builders.hpp"
#include "support/error.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "volume/builders.hpp"

using namespace vlsm::test;
namespace fs = std::filesystem;

namespace {

bool lacks_nifti() {
#ifdef VLSM_NIFTI
  return false;
#else
  return true;
#endif
}

/// A volume of 4 x 3 pixels and `frames` frames of int16.
std::string volume(std::vector<std::int16_t> const& values, int frames) {
  return NiftiSpec{.sides = {4, 3, frames}, .type = 4}.header() + samples(values);
}

/// Frames 1 and 2 of three have an object: label `label` at their first pixels.
std::vector<std::int16_t> labels(std::int16_t label) {
  std::vector<std::int16_t> values(36);
  values[12] = values[13] = values[24] = label;
  return values;
}

struct Own : TempDir {
  explicit Own(std::vector<std::int16_t> const& mask = labels(1)) {
    fs::create_directories(*this / "own/images");
    fs::create_directories(*this / "own/masks");
    std::vector<std::int16_t> values(36);
    for (std::size_t i = 0; i < 36; ++i) values[i] = static_cast<std::int16_t>(100 * i - 1000);
    write_file(*this / "own/images/ct.nii", volume(values, 3));
    write_file(*this / "own/masks/ct.nii", volume(mask, 3));
  }
  vlsm::PrepareReport prepare(vlsm::FolderLayout const& layout = {}) const {
    return vlsm::prepare(vlsm::read_folder(*this / "own", layout), *this / "set",
                         {.table = vlsm::study_prompt_table("isic")});
  }
};

}  // namespace

TEST_CASE("the frames of a volume that hold an object become pictures and masks of 8 bits") {
  if (lacks_nifti()) {
    MESSAGE("skipped: no libnifti");
    return;
  }
  Own const own;
  auto const report = own.prepare();
  CHECK(report.rows.at("all") == 2);
  CHECK(fs::exists(own / "set/images/ct_1.png"));
  CHECK(!fs::exists(own / "set/images/ct_0.png"));
  auto const mask = vlsm::read_mask(own / "set/masks/ct_1.png");
  CHECK((mask(0, 0) == 255 && mask(0, 1) == 255 && mask(0, 2) == 0));
  // The window is the volume's: frame 1 has its middle third.
  auto const image = vlsm::read_image(own / "set/images/ct_1.png");
  CHECK(image(0, 0, 0) == std::lround(255 * 12 / 34.0));
  CHECK(image(2, 3, 0) == std::lround(255 * 23 / 34.0));
}

TEST_CASE("labels: one is the object, of several the user says which") {
  if (lacks_nifti()) {
    MESSAGE("skipped: no libnifti");
    return;
  }
  auto two = labels(2);
  two[14] = 3;
  Own const own(two);
  CHECK(says(error_of([&] { own.prepare(); }), "2, 3"));
  CHECK(own.prepare({.label = 3}).rows.at("all") == 1);
}

TEST_CASE("volumes that do not fit") {
  if (lacks_nifti()) {
    MESSAGE("skipped: no libnifti");
    return;
  }
  Own const own;
  write_file(own / "own/masks/ct.nii", volume(std::vector<std::int16_t>(24), 2));
  CHECK(says(error_of([&] { own.prepare(); }), "2 frames"));
  fs::remove(own / "own/masks/ct.nii");
  CHECK(says(error_of([&] { own.prepare(); }), "ct.nii"));
}
