// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
#include "support/pictures.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/write.hpp"

// Sets in the study's layout, and the lists that they were given.
using namespace vlsm::test;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

Json row(std::string const& image, std::string const& mask) {
  return {{"img_name", image}, {"mask_name", mask}, {"prompts", {{"p0", ""}}}};
}

/// Rows of p0 to p3, a picture each.
Json four_rows() {
  Json rows = Json::array();
  for (int i = 0; i < 4; ++i) {
    std::string const name = "p" + std::to_string(i) + ".png";
    rows.push_back(row(name, name));
  }
  return rows;
}

/// A set in the study's layout with these lists.
struct Layout : TempDir {
  explicit Layout(std::map<std::string, Json> const& lists) {
    write_own_set(path(), 4);
    fs::create_directories(*this / "anns");
    for (auto const& [split, rows] : lists)
      write_file(*this / "anns" / (split + ".json"), rows.dump());
  }
};

}  // namespace

TEST_CASE("a list to train on that equals the test list is a leak, another test list a copy") {
  Layout const set(
      {{"a", four_rows()}, {"test", four_rows()}, {"testB", four_rows()}, {"train", four_rows()}});
  auto const report = vlsm::check_dataset(set.path());
  CHECK(finds(report, "in_two_splits", {"p0.png", "p3.png"}));
  CHECK(finds(report, "same_rows", {"test.json", "testB.json"}));
  CHECK(!finds(report, "same_rows", {"train.json"}));
  auto const cleaned = vlsm::prepare_dataset(vlsm::read_folder(set.path()), set / "clean/set",
                                             {.published = set / "anns", .clean = true});
  CHECK(cleaned.rows ==
        std::map<std::string, std::size_t>{{"a", 0}, {"test", 4}, {"testB", 4}, {"train", 0}});
}

TEST_CASE("a mask is compared with every picture that rows give it") {
  Layout const set({{"all", four_rows()}});
  Json rows = four_rows();
  rows.push_back(row("p1.png", "p0.png"));
  rows.push_back(row("gone.png", "p0.png"));
  write_file(set / "anns/all.json", rows.dump());
  vlsm::write_png(set / "images/p1.png", vlsm::as_image(disk(30, 9, 9, 5)));
  auto const report = vlsm::check_dataset(set.path());
  CHECK(report.masks == 4);
  CHECK(finds(
      report, "size_differs",
      {"p0.png (40 x 40, its picture p1.png 30 x 30)", "p1.png (40 x 40, its picture 30 x 30)"}));
}

TEST_CASE("masks of a list are looked at together, as a training reads them") {
  Layout const set({{"test", four_rows()}, {"train", four_rows()}});
  Json two = four_rows();
  two.erase(2), two.erase(2);
  write_file(set / "anns/test.json", two.dump());
  auto const scale = [&](std::size_t i, int top) {
    vlsm::Mask mask = disk(40, 8 + i * 7 % 24, 8 + i * 5 % 24, 6);
    for (std::uint8_t& level : mask) level = static_cast<std::uint8_t>(level * top / 255);
    vlsm::write_png(set / ("masks/p" + std::to_string(i) + ".png"), mask);
  };
  CHECK(!finds(vlsm::check_dataset(set.path()), "mask_meaning"));
  for (std::size_t i = 0; i < 4; ++i) scale(i, 2);
  auto report = vlsm::check_dataset(set.path());
  CHECK(finds(report, "mask_meaning", {"test"}));
  CHECK(finds(report, "mask_meaning", {"train"}));
  CHECK(!finds(report, "empty_mask"));
  CHECK(!finds(report, "unclear_mask"));
  for (std::size_t i = 0; i < 3; ++i) scale(i, 255);
  report = vlsm::check_dataset(set.path());  // p3.png, with 2, is in the longer list alone
  CHECK(finds(report, "unclear_mask", {"train"}));
  CHECK(!finds(report, "unclear_mask", {"test"}));
  CHECK(!finds(report, "empty_mask"));
  // Where a training would stop for want of an object, or of a row.
  for (std::size_t i = 0; i < 4; ++i) scale(i, i < 2 ? 0 : 255);
  write_file(set / "anns/val.json", "[]");
  report = vlsm::check_dataset(set.path());
  CHECK(finds(report, "unclear_mask", {"test"}));
  CHECK(!finds(report, "unclear_mask", {"train"}));
  CHECK(finds(report, "empty_list", {"val"}));
}

TEST_CASE("lists that were edited outlast a run, and are no split of a later one") {
  TempDir const folder;
  write_own_set(folder / "own", 4);
  fs::path const set = folder / "set", anns = set / "anns";
  auto const prepare = [&](std::array<int, 3> split) {
    vlsm::PrepareOptions options;
    options.split = split;
    return vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), set, options);
  };
  std::array<int, 3> const thirds{1, 1, 1};
  prepare(thirds);
  std::string const sound = read_file(anns / "train.json");
  CHECK(!finds(prepare(thirds), "stale_files"));  // its own lists give way without a word
  CHECK(read_file(anns / "train.json") == sound);
  for (char const* mine : {"[1]", "[2]"}) {
    write_file(anns / "train.json", mine);
    CHECK(finds(prepare(thirds), "stale_files"));
    CHECK(read_file(anns / "train.json") == sound);
  }
  write_file(anns / "val.json", "[3]");
  CHECK(finds(prepare({}), "stale_files",
              {"anns.edited/train-2.json", "anns.edited/train.json", "anns.edited/val.json"}));
  CHECK(read_file(set / "anns.edited/train.json") == "[1]");
  CHECK(read_file(set / "anns.edited/train-2.json") == "[2]");
  CHECK(read_file(set / "anns.edited/val.json") == "[3]");
  for (auto const& list : fs::directory_iterator(anns)) CHECK(list.path().filename() == "all.json");
}

TEST_CASE("lists of one's own outlast a run, one that stops, too") {
  TempDir const folder;
  write_own_set(folder / "own", 4);
  fs::path const set = folder / "set", anns = set / "anns";
  vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), set);
  CHECK(!fs::exists(set / "anns.kept"));
  fs::create_directories(anns / "folds");
  for (char const* name : {"fold1.json", "train.json", "folds/2.json"})
    write_file(anns / name, "[]");
  REQUIRE(mkfifo((anns / "pipe").c_str(), 0600) == 0);  // who opens it would wait for ever
  std::string const sound = read_file(folder / "own/images/p1.png");
  write_file(folder / "own/images/p1.png", "damaged");
  CHECK(!error_of([&] { vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), set); }).empty());
  CHECK(!fs::exists(anns));
  write_file(folder / "own/images/p1.png", sound);
  auto const report =
      vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), set, {.split = {1, 1, 1}});
  CHECK(finds(report, "stale_files",
              {"anns/fold1.json", "anns/folds", "anns/pipe", "anns.kept/train.json"}));
  CHECK(read_file(anns / "fold1.json") == "[]");
  CHECK(read_file(anns / "folds/2.json") == "[]");
  CHECK(read_file(anns / "train.json") != "[]");
  CHECK(read_file(set / "anns.kept/train.json") == "[]");
  CHECK(!fs::exists(anns / "all.json"));
}

TEST_CASE("published lists in the folder that is written are refused") {
  TempDir const folder;
  write_own_set(folder / "own", 4);
  fs::path const set = folder / "set";
  vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), set);
  fs::create_directories(set / "lists");
  write_file(set / "lists/test.json", four_rows().dump());
  for (fs::path const& lists : {set, set / "anns", set / "lists", set / "../set"})
    CHECK(says(error_of([&] {
                 vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), set,
                                       {.published = lists});
               }),
               "lists lie in the folder"));
  CHECK(fs::exists(set / "anns/all.json"));
  CHECK(!fs::exists(set / "preparing.json"));
}

TEST_CASE("masks that were drawn on a picture as its EXIF tag turns it") {
  TempDir const folder;
  std::string const tiff("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 26);
  auto const tag = [&](fs::path const& path) {
    std::string const bytes = read_file(path);
    write_file(path, bytes.substr(0, 33) + png_chunk("eXIf", tiff) + bytes.substr(33));
  };
  write_own_set(folder / "own", 3);
  tag(folder / "own/images/p1.png");
  tag(folder / "own/masks/p0.png");
  vlsm::PrepareReport const square =
      vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "square");
  CHECK(finds(square, "exif_orientation", {"p1.png"}));
  CHECK(finds(square, "exif_orientation", {"p0.png"}));  // the mask's
  vlsm::Mask const wide = xt::ones<std::uint8_t>({20, 40}) * std::uint8_t{255};
  vlsm::Mask const high = xt::ones<std::uint8_t>({40, 20}) * std::uint8_t{255};
  vlsm::write_png(folder / "own/images/p2.png", vlsm::as_image(wide));
  vlsm::write_png(folder / "own/masks/p2.png", high);
  auto const run = [&] {
    vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set");
  };
  CHECK(says(error_of(run), "20 x 40 against 40 x 20: "));
  CHECK(says(error_of(run), "fetch both again"));
  tag(folder / "own/images/p2.png");
  CHECK(says(error_of(run), "40 x 20 with EXIF orientation 6"));
  CHECK(says(error_of(run), "exif_transpose"));
  fs::copy_file(folder / "own/images/p2.png", folder / "square/images/p2.png",
                fs::copy_options::overwrite_existing);
  vlsm::write_png(folder / "square/masks/p2.png", high);
  tag(folder / "square/masks/p0.png");
  auto const checked = vlsm::check_dataset(folder / "square");
  CHECK(finds(checked, "size_differs",
              {"p2.png (20 x 40, its picture 40 x 20 with EXIF orientation 6)"}));
  CHECK(finds(checked, "exif_orientation", {"p1.png"}));
  CHECK(finds(checked, "exif_orientation", {"p0.png"}));
  CHECK(!finds(checked, "exif_orientation", {"p2.png"}));
}

TEST_CASE("a split that gets no picture is named") {
  TempDir const folder;
  write_own_set(folder / "own", 3);
  vlsm::PrepareOptions const options{.split = {80, 10, 10}};
  auto const report =
      vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set", options);
  CHECK(report.rows.size() == 1);
  CHECK(finds(report, "empty_split", {"val", "test"}));
  CHECK(report.to_text().find("3 groups are kept together (2): val, test") != std::string::npos);
  // Shares of none are meant.
  auto const meant = vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set",
                                           {.split = {1, 0, 0}});
  CHECK(!finds(meant, "empty_split"));
  // Ten that look alike are one group.
  write_own_set(folder / "own", 10);
  for (int i = 1; i < 10; ++i)
    fs::copy_file(folder / "own/images/p0.png",
                  folder / "own/images" / ("p" + std::to_string(i) + ".png"),
                  fs::copy_options::overwrite_existing);
  auto const alike =
      vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set", options);
  CHECK(alike.rows.size() == 1);
  CHECK(finds(alike, "empty_split", {"val", "test"}));
}
