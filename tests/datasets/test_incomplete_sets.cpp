// SPDX-License-Identifier: MIT
#include <filesystem>
#include <string>
#include <vector>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
#include "vlsm/data/formats/formats.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/write.hpp"

// Publishers' folders of which something is missing, there twice, or not unpacked.
using namespace vlsm::test;
namespace fs = std::filesystem;

TEST_CASE("an archive that was not unpacked is named where the layout is missing") {
  for (vlsm::SourceFormat const& format : vlsm::source_formats) {
    TempDir const folder;
    write_file(folder / "set.zip", "");
    CHECK(says(error_of([&] { format.read(folder.path()); }), "unpack set.zip first"));
  }
}

TEST_CASE("CAMUS in both layouts, and a patient who is listed twice") {
  TempDir const folder;
  for (char const* part : {"database_nifti/patient0001", "training/patient0002", "database_split"})
    fs::create_directories(folder / part);
  for (char const* list : {"training", "validation", "testing"})
    write_file(folder / ("database_split/subgroup_" + std::string(list) + ".txt"), "");
  fs::create_directories(folder / "old/testing/patient0003");
  auto const other = vlsm::detail::unread_camus(folder.path(), {folder / "database_nifti"});
  CHECK(other.names == std::vector<std::string>{"training/", "old/testing/"});
  write_file(folder / "database_split/subgroup_training.txt", "patient0009\npatient0009\n");
  CHECK(says(error_of([&] { vlsm::read_camus(folder.path()); }), "patient0009 is listed twice"));
}

TEST_CASE("CheXlocalize: two keys of one picture, and what is called otherwise in the table") {
  TempDir const folder;
  fs::create_directories(folder / "CheXpert/val/patient1/study1");
  vlsm::write_png(folder / "CheXpert/val/patient1/study1/view1_frontal.jpg",
                  vlsm::as_image(disk(30, 12, 12, 5)));
  std::string header = "Path", row = "patient1/study1/view1_frontal.jpg";
  for (std::string_view const finding : vlsm::detail::chexpert_findings) {
    header += "," + std::string(finding);
    row += finding == "Lung Opacity" || finding == "Edema" ? ",1" : ",0";
  }
  write_file(folder / "CheXpert/val_labels.csv", header + "\n" + row + "\n");
  std::string const id = "\"patient1_study1_view1_frontal\": ",
                    masks = R"({"Edema": {"size": [30, 30], "counts": [0, 900]},
                               "Airspace Opacity": {"size": [30, 30], "counts": [900]}})";
  auto const json = folder / "gt_segmentations_val.json";
  write_file(json, "{" + id + masks + "}");
  auto const report = vlsm::prepare_dataset(vlsm::read_chexlocalize(folder.path()), folder / "set");
  bool said = false;
  for (vlsm::Finding const& finding : report.findings)
    said |= finding.kind == "positive_without_mask" &&
            finding.text.find("Lung Opacity") != std::string::npos;
  CHECK(said);
  // The names that CheXpert's own archive and CheXlocalize's sample have.
  for (char const* in : {"CheXpert-v1.0", "sample"}) {
    fs::create_directories(folder / in);
    fs::rename(folder / "CheXpert/val", folder / in / "valid");
    fs::rename(folder / "CheXpert/val_labels.csv", folder / in / "valid.csv");
    CHECK(vlsm::read_chexlocalize(folder.path()).images.size() == 1);
    fs::rename(folder / in / "valid", folder / "CheXpert/val");
    fs::rename(folder / in / "valid.csv", folder / "CheXpert/val_labels.csv");
  }
  write_file(json, "{" + id + masks + ", " + id + masks + "}");
  CHECK(says(error_of([&] { vlsm::read_chexlocalize(folder.path()); }), "occurs twice"));
}
