// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/pictures.hpp"
#include "vlsm/data/contents.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/prompts/perturb.hpp"

using namespace vlsm::test;

namespace {

constexpr vlsm::Recipe recipe{.image = 32, .normalize = vlsm::imagenet_normalization};

std::string row(std::string const& image, std::string const& mask, std::string const& prompts) {
  return R"({"img_name": ")" + image + R"(", "mask_name": ")" + mask + R"(", "prompts": )" +
         prompts + "}";
}

struct Folder : TempDir {
  Folder() {
    for (char const* name : {"images", "masks", "anns"})
      std::filesystem::create_directory(*this / name);
    write_file(*this / "images/a.png", small_png());
    write_file(*this / "masks/m.png", plain_png(16, 12, '\xff'));
    write_file(*this / "masks/other.png", plain_png(12, 16, '\xff'));
    write_file(*this / "masks/text.png", "no picture");
  }
  vlsm::FolderDataset open(std::string const& rows, std::string const& level = "p1",
                           vlsm::DatasetOptions const& options = {}) const {
    write_file(*this / "anns/test.json", "[" + rows + "]");
    return {path(), "test", level, recipe, options};
  }
};

}  // namespace

TEST_CASE("dataset: an example holds the picture and the mask at the recipe's size") {
  Folder const folder;
  vlsm::FolderDataset const data =
      folder.open(row("a.png", "m.png", R"({"p0": "", "p1": ["one", "two"]})"));
  REQUIRE(data.size() == 1);
  vlsm::Random random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 30; ++i) {
    vlsm::Example const example = data.at(0, random);
    CHECK(example.image.sizes() == at::IntArrayRef{3, 32, 32});
    CHECK(example.mask.sizes() == at::IntArrayRef{1, 32, 32});
    CHECK(example.mask.eq(1).all().item<bool>());
    CHECK(example.image.equal(
        vlsm::prepare_image(vlsm::read_image(folder / "images/a.png"), recipe)));
    CHECK(example.name == "m.png");
    seen.insert(example.prompt);
  }
  CHECK(seen == std::set<std::string>{"one", "two"});
}

TEST_CASE("dataset: a mask's values between background and object stay soft") {
  Folder const folder;
  vlsm::Random random(1);
  std::string rows;  // an object with a soft edge of one column
  for (int y = 0; y < 12; ++y)
    rows += std::string(1, '\0') + std::string(7, '\xff') + '\x40' + std::string(8, '\0');
  write_file(folder / "masks/edge.png", png(16, 12, 8, gray, rows));
  vlsm::FolderDataset const data = folder.open(row("a.png", "edge.png", R"({"p1": "x"})"));
  at::Tensor const mask = data.at(0, random).mask;  // [1, 32, 32]
  CHECK(mask.slice(2, 0, 14).eq(1).all().item<bool>());
  CHECK(mask.slice(2, 14, 16).eq(64.0f / 255.0f).all().item<bool>());
  CHECK(mask.slice(2, 16).eq(0).all().item<bool>());
  REQUIRE(data.notices().size() == 1);
  CHECK(data.notices()[0].find("gray from 128 on") != std::string::npos);
}

TEST_CASE("dataset: rows are rewritten before they are looked at") {
  Folder const made;
  std::string const rows = row("a.png", "m.png", R"({"p1": "polyp", "p2": "red polyp"})") + "," +
                           row("gone.png", "m.png", R"({"p1": "polyp"})");
  std::filesystem::path const folder = made.path();
  write_file(folder / "anns/test.json", "[" + rows + "]");
  auto const without_last = [](std::vector<vlsm::Annotation>& all) { all.pop_back(); };
  CHECK(made.open(rows, "p2", {.rewrite = without_last}).size() == 1);
  CHECK(error_of([&] {
          made.open(rows, "p2", {.rewrite = [](auto& all) { all.clear(); }});
        }).find("empty") != std::string::npos);
  CHECK(error_of([&] {
          made.open(row("a.png", "m.png", R"({"p1": "polyp"})"), "p1",
                    {.rewrite = [](auto& all) { all[0].prompts["p1"].clear(); }});
        }).find("no sentence of level") != std::string::npos);
  write_file(folder / "anns/test.json",
             "[" + row("a.png", "m.png", R"({"p1": "polyp", "p2": "red polyp"})") + "]");
  // [rewrite]
  vlsm::PerturbOptions const other{.kind = vlsm::Perturbation::opposite,
                                   .attribute = "color",
                                   .level = "p2",
                                   .source = {.folder = folder}};
  vlsm::PerturbReport report;  // in how many rows the prompt changed
  vlsm::FolderDataset const data(
      folder, "test", "p2", recipe,
      {.rewrite = [&](std::vector<vlsm::Annotation>& all) { report = vlsm::perturb(all, other); }});
  // [rewrite]
  CHECK(report.changed == 1);
  vlsm::Random random(1);
  CHECK(data.at(0, random).prompt == "green polyp");
}

TEST_CASE("dataset: the level random draws from every level but p0") {
  Folder const folder;
  vlsm::FolderDataset const data =
      folder.open(row("a.png", "m.png", R"({"p0": "", "p1": "one", "p2": "two"})"), "random");
  vlsm::Random random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 30; ++i) seen.insert(data.at(0, random).prompt);
  CHECK(seen == std::set<std::string>{"one", "two"});
  seen.clear();  // names of one's own, of which p0 is not the first
  vlsm::FolderDataset const own =
      folder.open(row("a.png", "m.png", R"({"p0": "", "long": "one", "p1": "two"})"), "random");
  for (int i = 0; i < 30; ++i) seen.insert(own.at(0, random).prompt);
  CHECK(seen == std::set<std::string>{"one", "two"});
  CHECK(folder.open(row("a.png", "m.png", R"({"p1": "one"})"), "random").at(0, random).prompt ==
        "one");
  CHECK_ERROR(folder.open(row("a.png", "m.png", R"({"p0": ""})"), "random"),
              "no prompt \"random\"");
}

TEST_CASE("dataset: contents are those of the first look, as an open set keeps its pictures") {
  Folder const folder;
  auto const data = folder.open(row("a.png", "m.png", R"({"p1": "x"})"));
  vlsm::Contents contents;
  std::string const first = contents.of(data, {0}, /*files=*/true);
  write_file(folder / "masks/m.png", plain_png(16, 12, '\0'));
  CHECK(contents.of(data, {0}, true) == first);
  CHECK(vlsm::Contents().of(data, {0}, true) != first);
  CHECK(vlsm::Contents().of(data, {0}, false) == vlsm::Contents().of(data, {0}, false));
}

TEST_CASE("dataset: a tag on a mask alone is said, since its picture has none") {
  Folder const folder;
  std::string const list = row("a.png", "m.png", R"({"p1": "x"})"),
                    tiff("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0", 26);
  std::size_t const before = folder.open(list).notices().size();
  std::string const bytes = read_file(folder / "masks/m.png");
  write_file(folder / "masks/m.png",
             bytes.substr(0, 33) + png_chunk("eXIf", tiff) + bytes.substr(33));
  auto const notices = folder.open(list).notices();
  REQUIRE(notices.size() == before + 1);
  CHECK(std::ranges::any_of(notices, [](std::string const& line) {
    return line.find("masks whose header names another orientation") != std::string::npos;
  }));
}

TEST_CASE("dataset: missing splits and empty ones and levels that a row lacks are told at once") {
  Folder const folder;
  std::string const good = row("a.png", "m.png", R"({"p0": "", "p1": "x"})");
  CHECK_ERROR(vlsm::FolderDataset(folder.path(), "train", "p1", recipe), "train.json");
  CHECK_ERROR(vlsm::FolderDataset(folder / "nowhere", "test", "p1", recipe), "nowhere");
  CHECK_ERROR(folder.open(""), "the split is empty");
  CHECK_ERROR(folder.open(good, "p7"), "choose one of p0, p1");
  CHECK_ERROR(folder.open(good + ", " + row("a.png", "m.png", R"({"p0": ""})")),
              "row 1 has no prompt \"p1\"");
  CHECK_ERROR(folder.open(good + ", " + row("a.png", "m.png", R"({"p1": "x"})"), "p6"),
              "choose one of p1");
  CHECK_ERROR(folder.open(good + ", " + row("a.png", "m.png", R"({"p2": "x"})"), "p1"),
              "no level is in all rows");
  CHECK_ERROR(folder.open(row("a.png", "m.png", "{}")), "no prompts");
  CHECK_ERROR(folder.open(row("a.png", "m.png", "{}"), "random"), "no prompts");
}

TEST_CASE("dataset: files that are not there are counted and the first is named") {
  Folder const folder;
  std::string const prompts = R"({"p1": "x"})";
  CHECK_ERROR(folder.open(row("a.png", "m.png", prompts) + "," + row("b.png", "m.png", prompts) +
                          "," + row("a.png", "n.png", prompts)),
              "2 files that do not exist, first");
  CHECK_ERROR(folder.open(row("b.png", "m.png", prompts)), "images/b.png");
  CHECK_ERROR(folder.open(row(".", "m.png", prompts)), "1 files");
  CHECK_ERROR(folder.open(row(std::string(300, 'x'), "m.png", prompts)), "1 files");
}

TEST_CASE("dataset: a mask of another size than its picture is told with both sizes") {
  Folder const folder;
  vlsm::Random random(1);
  CHECK_ERROR(folder.open(row("a.png", "other.png", R"({"p1": "x"})")).at(0, random),
              "12 x 16, its picture 16 x 12");
  CHECK_ERROR(folder.open(row("a.png", "text.png", R"({"p1": "x"})")).at(0, random), "text.png");
}
