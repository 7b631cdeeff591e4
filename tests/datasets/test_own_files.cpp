// SPDX-License-Identifier: MIT
#include <filesystem>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/formats/study_layout.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/write.hpp"

// A user's own pictures and masks as disks have them: links, kinds of files, names.
using namespace vlsm::test;
namespace fs = std::filesystem;

TEST_CASE("pictures that are symlinks are linked to what they lead to") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  fs::create_directories(folder / "cache");
  fs::rename(folder / "own/images/p0.png", folder / "cache/4f");
  fs::create_symlink("../../cache/4f", folder / "own/images/p0.png");
  vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "deeper/set", {.link = true});
  CHECK(fs::is_regular_file(fs::symlink_status(folder / "deeper/set/images/p0.png")));
  CHECK(fs::equivalent(folder / "deeper/set/images/p0.png", folder / "cache/4f"));
  CHECK(fs::hard_link_count(folder / "own/images/p1.png") == 2);
  // The other way about the only file would be removed for a link to itself.
  fs::remove(folder / "own/images/p1.png");
  fs::create_symlink(folder / "deeper/set/images/p1.png", folder / "own/images/p1.png");
  CHECK(says(error_of([&] {
               vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "deeper/set",
                                     {.link = true});
             }),
             "read from this folder"));
  CHECK(fs::exists(folder / "own/images/p1.png"));
}

TEST_CASE("a mask's suffix that pictures' names have, too") {
  TempDir const folder;
  write_own_set(folder / "own", 3);
  for (char const* part : {"own/images", "own/masks"})
    for (char const* name : {"p1.png", "p2.png"}) {
      std::string const number(1, name[1]), mask = std::string(part) == "own/masks" ? "_1" : "";
      fs::rename(folder / part / name, folder / part / ("p_" + number + mask + ".png"));
    }
  fs::remove(folder / "own/images/p0.png");
  fs::remove(folder / "own/masks/p0.png");
  CHECK(vlsm::read_folder(folder / "own", {.mask_suffix = "_1"}).rows.size() == 2);
  // "p" with the mask "p_1", and "p_1" with "p_1_1": still all are pictures.
  fs::copy(folder / "own/images/p_2.png", folder / "own/images/p.png");
  fs::copy(folder / "own/masks/p_2_1.png", folder / "own/masks/p_1.png");
  CHECK(vlsm::read_folder(folder / "own", {.mask_suffix = "_1"}).rows.size() == 3);
  // A copy of the mask beside the picture is none.
  fs::copy(folder / "own/masks/p_2_1.png", folder / "own/images/p_2_1.png");
  auto const set = vlsm::read_folder(folder / "own", {.mask_suffix = "_1"});
  CHECK(set.rows.size() == 3);
  vlsm::PrepareReport report;
  report.findings = set.findings;
  CHECK(finds(report, "not_read", {"p_2_1.png"}));
}

TEST_CASE("one folder for pictures and masks is one, however it is written") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  fs::create_directory_symlink("images", folder / "own/link");
  for (char const* masks : {"images", "./images", "images/", "masks/../images", "link"})
    CHECK(says(error_of([&] { vlsm::read_folder(folder / "own", {.masks = masks}); }),
               "--mask-suffix"));
}

TEST_CASE("what is not read is named") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  fs::create_directories(folder / "own/images/more");
  fs::create_directories(folder / "own/images/none");
  fs::copy(folder / "own/images/p0.png", folder / "own/images/more/p9.png");
  write_file(folder / "own/images/x.BMP", "");
  write_file(folder / "own/masks/x.BMP", "");
  vlsm::PrepareReport report;
  report.findings = vlsm::read_folder(folder / "own").findings;
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].names ==
        std::vector<std::string>{"images/x.BMP", "images/more/", "masks/x.BMP"});
  // Folders that are read are none that are passed over.
  for (char const* name : {"p0", "p1"})
    fs::rename(folder / "own/images" / (std::string(name) + ".png"),
               folder / "own" / (std::string(name) + ".png"));
  fs::remove_all(folder / "own/images");
  CHECK(vlsm::read_folder(folder / "own", {.images = "."}).findings[0].names ==
        std::vector<std::string>{"masks/x.BMP"});
}

TEST_CASE("a folder without pictures says what it holds") {
  TempDir const folder;
  fs::create_directories(folder / "images/sub");
  fs::create_directories(folder / "masks");
  auto const said = [&](vlsm::FolderLayout const& layout = {}) {
    return error_of([&] { vlsm::read_folder(folder.path(), layout); });
  };
  fs::remove(folder / "images/sub");
  CHECK(says(said(), "it is empty"));
  fs::create_directories(folder / "images/sub");
  for (char const* name : {"a.bmp", "b.BMP", "IM0001"}) write_file(folder / "images" / name, "");
  CHECK(says(said(), "no PNG, JPEG, TIFF, NIfTI, MetaImage or DICOM, but 2 .bmp"));
  CHECK(says(said(), "1 folder: "));
  write_file(folder / "images/a_mask.png", "");
  CHECK(says(said({.masks = "images", .mask_suffix = "_mask"}), "masks by their names"));
}

TEST_CASE("a label is no choice among masks that are pictures") {
  TempDir const folder;
  write_own_set(folder / "own", 1);
  CHECK(says(error_of([&] { vlsm::read_folder(folder / "own", {.label = 1}); }),
             "--label is for masks in NIfTI"));
}

TEST_CASE("one source is the same, however its path is written") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  fs::create_directory_symlink("own", folder / "link");
  vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set");
  for (char const* source : {"own/", "link", "link/", "set/../own", "own"})
    CHECK(error_of([&] {
            vlsm::prepare_dataset(vlsm::read_folder(folder / source), folder / "set");
          }) == "");
  write_own_set(folder / "other", 2);
  CHECK(says(
      error_of([&] { vlsm::prepare_dataset(vlsm::read_folder(folder / "other"), folder / "set"); }),
      "another folder's"));
}

TEST_CASE("names that are not UTF-8 are said before anything is written") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  for (char const* part : {"own/images", "own/masks"})
    fs::rename(folder / part / "p1.png", folder / part / "p\xff\xed\xa0\x80.png");
  CHECK(says(
      error_of([&] { vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set"); }),
      R"(own/images/p\xff\xed\xa0\x80.png: rename it)"));
  CHECK(!fs::exists(folder / "set"));
}

TEST_CASE("names of any bytes that are reported, or lead to the set") {
  TempDir const folder;
  write_own_set(folder / "o\xffwn", 2);
  for (char const* part : {"images", "masks"})
    fs::rename(folder / "o\xffwn" / part / "p1.png", folder / "o\xffwn" / part / "p\n1ü.png");
  write_file(folder / "o\xffwn/masks/b\xc3.bmp", "");
  vlsm::PrepareReport report;
  for (int run = 0; run < 2; ++run)
    report = vlsm::prepare_dataset(vlsm::read_folder(folder / "o\xffwn"), folder / "set");
  report.findings.push_back({"empty_mask", {"p\n1ü.png"}, "no object"});
  CHECK(report.to_text().find(R"(p 1ü.png)") != std::string::npos);
  CHECK(report.to_text().find(R"(b\xc3.bmp)") != std::string::npos);
  std::string const json = report.to_json().dump();
  CHECK(json.find(R"(o\\xffwn)") != std::string::npos);
  CHECK(json.find(R"("p\n1ü.png")") != std::string::npos);
}

TEST_CASE("symlinks that lead to nothing are named, those to folders are followed") {
  TempDir const folder;
  write_own_set(folder / "own", 3);
  for (char const* file : {"images/p1.png", "masks/p2.png"}) {
    fs::remove(folder / "own" / file);
    fs::create_symlink("../.git/annex/4f", folder / "own" / file);
  }
  auto const said = error_of([&] { vlsm::read_folder(folder / "own"); });
  CHECK(says(said, "2 symlinks lead to nothing"));
  CHECK(says(said, "images/p1.png"));
  // In the study's layout a part may lie elsewhere, and a link may lead back.
  TempDir const study;
  write_own_set(study / "own", 2);
  write_own_set(study / "more", 3);
  for (char const* part : {"images", "masks"}) {
    fs::create_directory_symlink(fs::absolute(study / "more" / part), study / "own" / part / "two");
    fs::create_directory_symlink(".", study / "more" / part / "back");
  }
  auto const set = vlsm::read_study_layout(study / "own/images", study / "own/masks", "isic");
  CHECK(set.images.size() == 5);
  CHECK(set.rows.size() == 5);
}

TEST_CASE("files among the masks that lack the suffix are named") {
  TempDir const folder;
  write_own_set(folder / "own", 3);
  auto const rename = [&](char const* from, char const* to) {
    fs::rename(folder / "own" / from, folder / "own" / to);
  };
  for (char const* name : {"p0", "p1", "p2"})
    rename(("masks/" + std::string(name) + ".png").c_str(),
           ("masks/" + std::string(name) + "_mask.png").c_str());
  for (char const* name : {"p0_mask_1.png", "p1_Mask.png"})
    fs::copy(folder / "own/masks/p0_mask.png", folder / "own/masks" / name);
  auto const without = [&] { vlsm::read_folder(folder / "own"); };
  CHECK(says(error_of(without), "if p0_mask.png is its mask, say --mask-suffix _mask"));
  vlsm::FolderLayout const layout{.mask_suffix = "_mask"};
  vlsm::PrepareReport report;
  report.findings = vlsm::read_folder(folder / "own", layout).findings;
  CHECK(finds(report, "not_read", {"p0_mask_1.png", "p1_Mask.png"}));
  // In one folder for both it is no picture of its own.
  for (auto const& file : fs::directory_iterator(folder / "own/masks"))
    fs::rename(file.path(), folder / "own/images" / file.path().filename());
  vlsm::FolderLayout const together{.masks = "images", .mask_suffix = "_mask"};
  CHECK(says(error_of([&] { vlsm::read_folder(folder / "own", together); }), "p0_mask_1.png"));
}

TEST_CASE("published lists have their own words for places") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  fs::create_directories(folder / "lists");
  write_file(folder / "lists/train.json",
             R"([{"img_name": "p0.png", "mask_name": "p0.png", "prompts": {"p0": ""}}])");
  CHECK(says(error_of([&] {
               vlsm::prepare_dataset(
                   vlsm::read_folder(folder / "own"), folder / "set",
                   {.published = folder / "lists", .position = vlsm::PositionRule::corrected});
             }),
             "--position"));
}

TEST_CASE("an archive that was not unpacked is named") {
  TempDir const folder;
  write_file(folder / "mine.tar.gz", "");
  CHECK(says(error_of([&] { vlsm::read_folder(folder.path()); }), "unpack mine.tar.gz first"));
}
TEST_CASE("pictures whose names have a tail, as nnU-Net's do, are to be renamed") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  for (char const* name : {"p0", "p1"})
    fs::rename(folder / "own/images" / (std::string(name) + ".png"),
               folder / "own/images" / (std::string(name) + "_0000.png"));
  auto const read = [&] { vlsm::read_folder(folder / "own"); };
  CHECK(says(error_of(read), "if p0.png is its mask, rename the pictures: without _0000"));
  // Numbers go on without being tails, and a mask of another picture is none of this one.
  write_own_set(folder / "numbers", 11);
  fs::remove(folder / "numbers/masks/p1.png");
  auto const one = [&] { vlsm::read_folder(folder / "numbers"); };
  CHECK(says(error_of(one), "add the mask in"));
}
