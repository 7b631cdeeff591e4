// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
#include "vlsm/base/file/file_lock.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/formats/formats.hpp"
#include "vlsm/data/formats/study_layout.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/write.hpp"

using namespace vlsm::test;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

fs::path const miniatures = VLSM_SHARED "/fixtures/datasets";

bool absent() {
  if (fs::exists(miniatures)) return false;
  MESSAGE("skipped: no miniatures in ", miniatures.string());
  return true;
}

Json read_json(fs::path const& path) {
  std::ifstream in(path);
  return Json::parse(in);
}

std::string bytes_of(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::set<std::string> files_below(fs::path const& folder) {
  std::set<std::string> names;
  if (!fs::exists(folder)) return names;
  for (auto const& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) names.insert(fs::relative(entry.path(), folder).generic_string());
  return names;
}

/// Whether an optional library that this set's files need is missing here.
bool lacks_library([[maybe_unused]] std::string const& set) {
#ifndef VLSM_NIFTI
  if (set.find("camus") != std::string::npos) return true;
#endif
#ifndef VLSM_LIBTIFF
  if (set.find("clinicdb") != std::string::npos) return true;
#endif
#ifndef VLSM_LIBJPEG
  if (set.find("kvasir") != std::string::npos || set.find("bkai") != std::string::npos) return true;
#endif
  return false;
}

void check_images(fs::path const& expected, fs::path const& made, bool copied) {
  CHECK(files_below(made) == files_below(expected));
  for (std::string const& name : files_below(expected)) {
    INFO(name);
    if (copied) {
      CHECK(bytes_of(made / name) == bytes_of(expected / name));
    } else {
      vlsm::Image const a = vlsm::read_image(made / name), b = vlsm::read_image(expected / name);
      CHECK((a.shape() == b.shape() && std::equal(a.begin(), a.end(), b.begin())));
    }
  }
}

void check_rows(Json const& expected, Json const& made, std::set<std::string> const& levels) {
  std::map<std::string, Json> rows;
  for (auto const& row : made) rows[row["mask_name"]] = row;
  CHECK(rows.size() == expected.size());
  for (auto const& row : expected) {
    std::string const name = row["mask_name"];
    INFO(name);
    REQUIRE(rows.contains(name));
    Json const& mine = rows[name];
    CHECK(mine["img_name"] == row["img_name"]);
    CHECK(mine["bbox"] == row["bbox"]);
    std::string const p1 =
        row["prompts"]["p1"].is_array() ? row["prompts"]["p1"][0] : row["prompts"]["p1"];
    bool const all = levels.empty() || p1.starts_with("no ") || p1.starts_with("No ");
    std::size_t count = 0;
    for (auto const& [level, prompt] : row["prompts"].items()) {
      if (!all && !levels.contains(level)) continue;
      ++count;
      INFO("level ", std::string(level));
      CHECK(mine["prompts"].value(level, Json()) == prompt);
    }
    CHECK(mine["prompts"].size() == count);
  }
}

}  // namespace

TEST_CASE("the miniatures become what is expected, with attributes and without") {
  if (absent()) return;
  std::size_t sets = 0;
  for (auto const& entry : fs::directory_iterator(miniatures)) {
    fs::path const source = entry.path();
    if (!fs::exists(source / "set.json")) continue;
    std::string const name = source.filename().string();
    if (lacks_library(name)) {
      MESSAGE("skipped: a library is missing for ", name);
      continue;
    }
    Json const about = read_json(source / "set.json");
    auto const& format = vlsm::find_source_format(about["dataset"].get<std::string>());
    for (bool const with_attributes : {true, false}) {
      INFO(name, with_attributes ? " with" : " without", " attributes");
      TempDir const folder;
      vlsm::PrepareOptions options;
      if (with_attributes) options.attributes = source / "attributes.json";
      auto const report =
          vlsm::prepare_dataset(format.read(source / "source"), folder / "set", options);
      check_images(source / "expected/images", folder / "set/images", about["images"] == "copy");
      check_images(source / "expected/masks", folder / "set/masks", false);
      for (std::string const& mask : files_below(folder / "set/masks"))
        CHECK(vlsm::read_picture_header(folder / "set/masks" / mask).channels == 1);
      std::set<std::string> levels;
      if (!with_attributes)
        for (std::string const level : about["levels_without_attributes"]) levels.insert(level);
      CHECK(files_below(folder / "set/anns").size() == about["splits"].size());
      for (std::string const split : about["splits"])
        check_rows(read_json(source / "expected/anns" / (split + ".json")),
                   read_json(folder / "set/anns" / (split + ".json")), levels);
      for (auto const& finding : about["findings"])
        CHECK(finds(report, finding["kind"], finding["names"].get<std::vector<std::string>>()));
    }
    ++sets;
  }
  MESSAGE(sets, " miniatures");
}

TEST_CASE(
    "number, size and position of the miniatures, by the study's rule and the corrected one") {
  if (absent()) return;
  std::size_t rows = 0;
  for (auto const& entry : fs::directory_iterator(miniatures)) {
    fs::path const source = entry.path();
    std::string const name = source.filename().string();
    if (!fs::exists(source / "set.json") || lacks_library(name)) continue;
    auto const& format =
        vlsm::find_source_format(read_json(source / "set.json")["dataset"].get<std::string>());
    Json const expected = read_json(source / "expected/rows.json");
    for (bool const study : {true, false}) {
      vlsm::PrepareOptions options;
      if (!study) options.position = vlsm::PositionRule::corrected;
      for (auto const& [split, made] : vlsm::annotate(format.read(source / "source"), options))
        for (auto const& row : made) {
          Json const& wanted = expected[split][row["mask_name"].get<std::string>()];
          INFO(name, " ", row["mask_name"].get<std::string>());
          Json const& said = row["attributes"];
          if (wanted["number"] == 0) {
            CHECK(!said.contains("number"));
            continue;
          }
          CHECK(said["number"] == vlsm::cardinal(wanted["number"].get<std::size_t>()));
          CHECK(said["size"] == wanted["size"]);
          CHECK(said["position"] == wanted[study ? "position" : "position_corrected"]);
          ++rows;
        }
    }
  }
  MESSAGE(rows, " rows");
}

TEST_CASE("what is broken is said in one line, and nothing looks prepared") {
  if (absent()) return;
  std::size_t cases = 0;
  for (auto const& entry : fs::directory_iterator(miniatures / "bad")) {
    std::string const name = entry.path().filename().string();
    if (lacks_library(name)) continue;
    INFO(name);
    TempDir const folder;
    fs::copy(entry.path() / "source", folder / "given", fs::copy_options::recursive);
    Json const about = read_json(entry.path() / "case.json");
    vlsm::PrepareOptions options;
    if (fs::exists(entry.path() / "attributes.json"))
      options.attributes = entry.path() / "attributes.json";
    std::string said;
    bool failed = false;
    try {
      auto const& format = vlsm::find_source_format(about["dataset"].get<std::string>());
      said =
          vlsm::prepare_dataset(format.read(folder / "given"), folder / "set", options).to_text();
    } catch (vlsm::Error const& e) {
      said = e.what();
      failed = true;
      CHECK(said.find('\n') == std::string::npos);
      CHECK(!fs::exists(folder / "set/anns"));
    }
    CHECK((failed || about["kind"] == "report"));
    auto const lower = vlsm::strings::lower_case(said);
    for (auto const& words : about["must_name"])
      CHECK_MESSAGE(std::ranges::any_of(words,
                                        [&](std::string const& word) {
                                          return lower.find(vlsm::strings::lower_case(word)) !=
                                                 std::string::npos;
                                        }),
                    words.dump(), " in: ", said);
    ++cases;
  }
  MESSAGE(cases, " broken sets");
}

TEST_CASE("the study's published lists are read as they are, and their defects are said") {
  if (absent()) return;
  for (std::string const set : {"kvasir", "bkai", "isic", "cvc300", "camus_mhd"}) {
    if (lacks_library(set)) continue;
    INFO(set);
    fs::path const source = miniatures / set;
    Json const expected = read_json(source / "published/expected.json");
    Json const about = read_json(source / "set.json");
    TempDir const folder;
    vlsm::PrepareOptions const options{.published = source / "published"};
    auto const report = vlsm::prepare_dataset(
        vlsm::find_source_format(about["dataset"].get<std::string>()).read(source / "source"),
        folder / "set", options);
    std::size_t rows = 0, wanted = 0;
    for (auto const& [split, count] : expected["rows"].items()) {
      auto const published = read_json(source / "published/anns" / (split + ".json"));
      auto const made = read_json(folder / "set/anns" / (split + ".json"));
      rows += made.size(), wanted += count.get<std::size_t>();
      for (auto const& row : made) {
        CHECK(fs::exists(folder / "set/images" / row["img_name"].get<std::string>()));
        CHECK(fs::exists(folder / "set/masks" / row["mask_name"].get<std::string>()));
        CHECK(std::ranges::any_of(published, [&](Json const& other) {
          return other["prompts"] == row["prompts"] &&
                 other.value("sentences", Json()) == row.value("sentences", Json());
        }));
      }
    }
    CHECK(rows == expected.value("rows_with_files", wanted));
    Json const twice = expected.value("twice", Json::object());
    for (auto const& [split, names] : twice.items())
      for (std::string const name : names) CHECK(finds(report, "twice", {split + ": " + name}));
    for (auto const& shared : expected.value("in_two_splits", Json::array()))
      CHECK(finds(report, "in_two_splits", {shared[0].get<std::string>()}));
    CHECK(finds(report, "in_two_splits") ==
          !expected.value("in_two_splits", Json::array()).empty());
    CHECK(finds(report, "same_rows") == !expected.value("same_rows", Json::array()).empty());
    for (std::string const name : expected.value("not_in_source", Json::array()))
      CHECK(finds(report, "not_in_source", {name}));

    vlsm::PrepareOptions const clean{.published = source / "published", .clean = true};
    vlsm::prepare_dataset(
        vlsm::find_source_format(about["dataset"].get<std::string>()).read(source / "source"),
        folder / "clean", clean);
    auto const after = vlsm::check_dataset(folder / "clean");
    CHECK(!finds(after, "twice"));
    CHECK(!finds(after, "in_two_splits"));
  }
}

TEST_CASE("a set of one's own: split by groups, the same for the same seed") {
  TempDir const folder;
  write_own_set(folder / "own", 20);
  fs::copy(folder / "own/images/p3.png", folder / "own/images/p3_again.png");
  fs::copy(folder / "own/masks/p3.png", folder / "own/masks/p3_again.png");
  vlsm::PrepareOptions options{.table = vlsm::study_prompt_table("isic"), .split = {60, 20, 20}};
  auto const report =
      vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "a", options);
  CHECK(report.rows.at("train") + report.rows.at("val") + report.rows.at("test") == 21);
  CHECK(report.rows.at("test") >= 3);
  CHECK(finds(report, "identical_pictures", {"p3.png", "p3_again.png"}));
  CHECK(finds(report, "unfilled_slot", {"{color}", "{shape}"}));
  CHECK(!finds(report, "in_two_splits"));
  options.threads = 1;
  vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "b", options);
  for (char const* split : {"train", "val", "test"})
    CHECK(bytes_of(folder / "a/anns" / (std::string(split) + ".json")) ==
          bytes_of(folder / "b/anns" / (std::string(split) + ".json")));
  options.seed = 1;
  vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "c", options);
  CHECK(bytes_of(folder / "a/anns/train.json") != bytes_of(folder / "c/anns/train.json"));

  options.clean = true;
  auto const cleaned =
      vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "d", options);
  CHECK(finds(cleaned, "cleaned"));
  CHECK(cleaned.rows.at("train") + cleaned.rows.at("val") + cleaned.rows.at("test") == 20);
}

TEST_CASE("a run that stopped goes on, another set's folder is left alone") {
  TempDir const folder;
  write_own_set(folder / "own", 6);
  std::string const sound = bytes_of(folder / "own/images/p5.png");
  write_file(folder / "own/images/p5.png", "damaged");
  auto const run = [&] {
    vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set");
  };
  CHECK(error_of(run).find("p5.png") != std::string::npos);
  CHECK(!fs::exists(folder / "set/anns"));
  CHECK(!fs::exists(folder / "set/report.json"));
  write_file(folder / "own/images/p5.png", sound);
  auto const before = fs::last_write_time(folder / "set/images/p0.png");
  run();
  CHECK(fs::last_write_time(folder / "set/images/p0.png") == before);
  CHECK(files_below(folder / "set") ==
        std::set<std::string>{"anns/all.json", "images/p0.png", "images/p1.png", "images/p2.png",
                              "images/p3.png", "images/p4.png", "images/p5.png", "masks/p0.png",
                              "masks/p1.png", "masks/p2.png", "masks/p3.png", "masks/p4.png",
                              "masks/p5.png", "report.json"});
  fs::create_directories(folder / "full");
  write_file(folder / "full/thesis.txt", "mine");
  CHECK(error_of([&] {
          vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "full");
        }).find("not empty") != std::string::npos);
  CHECK(files_below(folder / "full") == std::set<std::string>{"thesis.txt"});
  // One's own sets all have one name: their folders tell them apart.
  write_own_set(folder / "other", 2);
  CHECK(error_of([&] {
          vlsm::prepare_dataset(vlsm::read_folder(folder / "other"), folder / "set");
        }).find("another folder's") != std::string::npos);
  write_file(folder / "full/report.json", R"({"dataset": 3})");
  CHECK(error_of([&] {
          vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "full");
        }).find("not empty") != std::string::npos);
}

TEST_CASE("a folder that another run prepares is left alone, and free when that run ends") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  auto const run = [&] {
    vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set");
  };
  fs::create_directories(folder / "set");
  {
    auto const other = vlsm::io::FileLock::of_folder(folder / "set");
    REQUIRE(other.held());
    CHECK(error_of(run).find("another run is preparing this folder") != std::string::npos);
    CHECK(files_below(folder / "set").empty());
  }
  run();
  CHECK(fs::exists(folder / "set/report.json"));
}

TEST_CASE("a set whose masks are all in doubt, lists that are to be split anew") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  for (char const* name : {"p0.png", "p1.png"}) {
    vlsm::Mask mask = disk(40, 20, 20, 6);
    for (std::uint8_t& level : mask) level /= 3;
    vlsm::write_png(folder / "own/masks" / name, mask);
  }
  // As Kvasir-SEG's they say nothing; as a user's own, 85 is the object.
  CHECK(error_of([&] {
          vlsm::prepare_dataset(vlsm::read_kvasir(folder / "own"), folder / "set");
        }).find("in doubt") != std::string::npos);
  CHECK(!fs::exists(folder / "set/anns"));
  auto const report = vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "meant");
  CHECK(finds(report, "mask_meaning"));
  CHECK(!finds(report, "empty_mask"));
  vlsm::Mask two = disk(40, 20, 20, 6);
  for (std::size_t x = 0; x < 40; ++x) two(1, x) = two(2, x) = two(3, x) = 60;
  vlsm::write_png(folder / "own/masks/p0.png", two);
  CHECK(error_of([&] { vlsm::read_folder(folder / "own"); }).find("--mask-value") !=
        std::string::npos);
  CHECK(vlsm::read_folder(folder / "own", {.mask_value = vlsm::parse_mask_choice("60")})
            .rows.size() == 2);
  write_own_set(folder / "own", 2);
  fs::create_directories(folder / "anns");
  write_file(folder / "anns/train.json", "[]");
  CHECK(error_of([&] {
          vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set",
                                {.published = folder / "anns", .split = {1, 1, 1}});
        }).find("--split") != std::string::npos);
}

TEST_CASE("a picture of two published splits has one row where the set is split anew") {
  if (absent()) return;
  TempDir const folder;
  auto const report =
      vlsm::prepare_dataset(vlsm::find_source_format("isic").read(miniatures / "isic/source"),
                            folder / "set", {.split = {1, 1, 1}});
  std::size_t rows = 0;
  for (auto const& [split, count] : report.rows) rows += count;
  CHECK(rows == 5);
  auto const after = vlsm::check_dataset(folder / "set");
  CHECK(!finds(after, "twice"));
  CHECK(!finds(after, "in_two_splits"));
}

TEST_CASE("two pictures whose files would have one name") {
  TempDir const folder;
  write_own_set(folder / "own", 1);
  vlsm::SourceSet set = vlsm::read_folder(folder / "own");
  set.images.push_back({.name = "p0.png", .file = folder / "own/masks/p0.png"});
  CHECK(error_of([&] { vlsm::prepare_dataset(set, folder / "set"); }).find("p0.png") !=
        std::string::npos);
}

TEST_CASE("a set in the study's layout is looked at with the same eyes") {
  TempDir const folder;
  write_own_set(folder / "own", 5);
  vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set", {.split = {1, 1, 1}});
  auto report = vlsm::check_dataset(folder / "set");
  CHECK(report.images == 5);
  CHECK(report.findings.empty());
  fs::copy_file(folder / "set/images/p1.png", folder / "set/images/p2.png",
                fs::copy_options::overwrite_existing);
  vlsm::write_png(folder / "set/masks/p3.png", disk(39, 20, 20, 5));
  vlsm::write_png(folder / "set/masks/p4.png", disk(40, 0, 0, 0));
  vlsm::Mask const none = xt::zeros<std::uint8_t>({40, 40});
  vlsm::write_png(folder / "set/masks/p4.png", none);
  fs::remove(folder / "set/images/p0.png");
  auto rows = read_json(folder / "set/anns/train.json");
  rows.push_back(rows[0]);
  write_file(folder / "set/anns/train.json", rows.dump());
  report = vlsm::check_dataset(folder / "set");
  CHECK(finds(report, "identical_pictures", {"p1.png", "p2.png"}));
  CHECK(finds(report, "size_differs", {"p3.png (39 x 39, its picture 40 x 40)"}));
  CHECK(finds(report, "empty_mask", {"p4.png"}));
  CHECK(finds(report, "missing_file", {"images/p0.png"}));
  CHECK(finds(report, "twice"));
  CHECK(error_of([&] { vlsm::check_dataset(folder / "own"); }).find("anns/") != std::string::npos);
}

TEST_CASE("annotations of a folder in the study's layout, and nothing is written") {
  if (absent()) return;
  for (std::string const set : {"busi", "chexlocalize"}) {
    INFO(set);
    fs::path const expected = miniatures / set / "expected";
    vlsm::PrepareReport report;
    auto const splits = vlsm::annotate(
        vlsm::read_study_layout(expected / "images", expected / "masks", set), {}, &report);
    std::map<std::string, Json> rows;
    for (auto const& row : splits.at("all")) rows[row["mask_name"]] = row;
    for (auto const& file : fs::directory_iterator(expected / "anns"))
      for (auto const& row : read_json(file.path())) {
        Json const& mine = rows.at(row["mask_name"]);
        CHECK(mine["bbox"] == row["bbox"]);
        CHECK(mine["prompts"]["p2"] == row["prompts"]["p2"]);
      }
  }
}
