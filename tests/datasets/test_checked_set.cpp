// SPDX-License-Identifier: MIT
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
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
  auto const cleaned = vlsm::prepare(vlsm::read_folder(set.path()), set / "clean/set",
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

TEST_CASE("lists of one's own outlast a run, one that stops, too") {
  TempDir const folder;
  write_own_set(folder / "own", 4);
  fs::path const set = folder / "set", anns = set / "anns";
  vlsm::prepare(vlsm::read_folder(folder / "own"), set);
  CHECK(!fs::exists(set / "anns.kept"));
  fs::create_directories(anns / "folds");
  for (char const* name : {"fold1.json", "train.json", "folds/2.json"})
    write_file(anns / name, "[]");
  std::string const sound = read_file(folder / "own/images/p1.png");
  write_file(folder / "own/images/p1.png", "damaged");
  CHECK(!error_of([&] { vlsm::prepare(vlsm::read_folder(folder / "own"), set); }).empty());
  CHECK(!fs::exists(anns));
  write_file(folder / "own/images/p1.png", sound);
  auto const report = vlsm::prepare(vlsm::read_folder(folder / "own"), set, {.split = {1, 1, 1}});
  CHECK(finds(report, "stale_files", {"anns/fold1.json", "anns/folds", "anns.kept/train.json"}));
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
  vlsm::prepare(vlsm::read_folder(folder / "own"), set);
  fs::create_directories(set / "lists");
  write_file(set / "lists/test.json", four_rows().dump());
  for (fs::path const& lists : {set, set / "anns", set / "lists", set / "../set"})
    CHECK(says(error_of([&] {
                 vlsm::prepare(vlsm::read_folder(folder / "own"), set, {.published = lists});
               }),
               "lists lie in the folder"));
  CHECK(fs::exists(set / "anns/all.json"));
  CHECK(!fs::exists(set / "preparing.json"));
}
