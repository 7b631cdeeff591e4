// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "io/builders.hpp"
#include "support/error.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/formats/formats.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/prompts/prompt_table.hpp"

// The layouts as users' disks have them: unpacked one folder deeper, with other line ends, capitals
// and kinds of masks.
using namespace vlsm::test;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

vlsm::Mask square(std::size_t side, std::size_t from, std::uint8_t level = 255) {
  vlsm::Mask mask = xt::zeros<std::uint8_t>({side, side});
  for (std::size_t y = from; y < side - 4; ++y)
    for (std::size_t x = from; x < side - 4; ++x) mask(y, x) = level;
  return mask;
}

void write_pictures(fs::path const& folder, std::vector<std::string> const& names,
                    std::uint8_t level) {
  fs::create_directories(folder);
  for (std::size_t i = 0; i < names.size(); ++i)
    vlsm::write_png(folder / names[i], square(30, 8 + i, level));
}

void write_kvasir(fs::path const& root) {
  write_pictures(root / "images", {"a.png", "b.png"}, 100);
  write_pictures(root / "masks", {"a.png", "b.png"}, 255);
}

void write_busi(fs::path const& root) {
  write_pictures(root / "benign", {"benign (1).png", "benign (2).png"}, 100);
  write_pictures(root / "benign",
                 {"benign (1)_mask.png", "benign (2)_mask.png", "benign (2)_mask_1.png"}, 255);
}

std::size_t count_of(std::string const& set, fs::path const& source) {
  return vlsm::find_source_format(set).read(source).images.size();
}

bool finds(vlsm::PrepareReport const& report, std::string const& kind, std::string const& name) {
  return std::ranges::any_of(report.findings, [&](vlsm::Finding const& finding) {
    return finding.kind == kind && std::ranges::find(finding.names, name) != finding.names.end();
  });
}

vlsm::PrepareReport report_of(std::string const& set, fs::path const& source,
                              vlsm::PrepareOptions const& options = {}) {
  vlsm::PrepareReport report;
  vlsm::annotate(vlsm::find_source_format(set).read(source), options, &report);
  return report;
}

}  // namespace

TEST_CASE("an archive unpacked into folders of any name") {
  TempDir const folder;
  write_kvasir(folder / "down loads/unpacked ü/Kvasir-SEG");
  CHECK(count_of("kvasir_polyp", folder.path()) == 2);
  CHECK(count_of("kvasir_polyp", folder / "down loads/unpacked ü/Kvasir-SEG/") == 2);
  // Folders of pictures and masks alone do not tell which set they are.
  write_kvasir(folder / "other/something");
  CHECK(error_of([&] { count_of("kvasir_polyp", folder / "other"); }).find("Kvasir-SEG") !=
        std::string::npos);
  write_busi(folder / "busi/x/Dataset_BUSI_with_GT/Dataset_BUSI_with_GT");
  CHECK(count_of("busi", folder / "busi/x") == 2);
  write_pictures(folder / "bkai/train/train/train", {"a.png"}, 100);
  write_pictures(folder / "bkai/train_gt/train_gt", {"a.png"}, 255);
  CHECK(count_of("bkai_polyp", folder / "bkai") == 1);
  write_pictures(folder / "isic/one/ISBI2016_ISIC_Part1_Test_Data", {"a.png"}, 100);
  write_pictures(folder / "isic/two/ISBI2016_ISIC_Part1_Test_GroundTruth", {"a_Segmentation.png"},
                 255);
  CHECK(count_of("isic", folder / "isic") == 1);
}

TEST_CASE("two copies of a set below one folder are not chosen from") {
  TempDir const folder;
  write_kvasir(folder / "a/Kvasir-SEG");
  write_kvasir(folder / "b/Kvasir-SEG");
  CHECK(error_of([&] { count_of("kvasir_polyp", folder.path()); }).find("two folders") !=
        std::string::npos);
}

TEST_CASE("the masks of a BUSI picture are all there, once, in their class") {
  TempDir const folder;
  write_busi(folder.path());
  CHECK(count_of("busi", folder.path()) == 2);
  fs::remove(folder / "benign/benign (2)_mask.png");
  CHECK(error_of([&] { count_of("busi", folder.path()); }).find("benign (2)_mask.png") !=
        std::string::npos);
  write_busi(folder.path());
  fs::copy(folder / "benign/benign (1)_mask.png", folder / "benign/benign (1)_mask.jpg");
  CHECK(error_of([&] { count_of("busi", folder.path()); }).find("ending alone") !=
        std::string::npos);
  fs::remove(folder / "benign/benign (1)_mask.jpg");
  write_pictures(folder / "benign", {"malignant (1).png"}, 100);
  write_pictures(folder / "benign", {"malignant (1)_mask.png"}, 255);
  CHECK(error_of([&] { count_of("busi", folder.path()); }).find("malignant (1).png") !=
        std::string::npos);
}

TEST_CASE("tables of CheXpert as spreadsheets write them, and damaged ones") {
  TempDir const folder;
  std::string header = "\xef\xbb\xbfPath",
              row = "\"x\\valid\\patient1\\study1\\view1_frontal.JPG\"";
  for (std::string_view const finding : vlsm::detail::chexpert_findings) {
    header += ", " + std::string(finding);
    row += finding == "Edema" ? ", 1.0 " : ",";
  }
  std::string const path = "patient1/study1/view1_frontal.jpg";
  auto const positive = [&](std::string const& text) {
    write_file(folder / "t.csv", text);
    return vlsm::detail::ChexpertTable(folder / "t.csv").at(path, "patient1");
  };
  std::vector<std::string> const edema{"Edema"};
  CHECK(positive(header + "\r" + row + "\r") == edema);
  CHECK(positive(header + "\r\n" + row) == edema);
  CHECK(positive(header + "\n" + row + "\n" + row) == edema);  // twice the same
  std::string other = row;
  other.replace(other.find("1.0"), 3, "yes");
  CHECK(error_of([&] { positive(header + "\n" + other); }).find("\"yes\"") != std::string::npos);
  CHECK(error_of([&] {
          positive(header + "\n" + row.substr(0, row.size() - 3));
        }).find("cut off") != std::string::npos);
  CHECK(error_of([&] { positive(header + "\n" + row + "\n\"x"); }).find("quotes") !=
        std::string::npos);
  other.replace(other.find("yes"), 3, "0");
  CHECK(error_of([&] { positive(header + "\n" + row + "\n" + other); }).find("differ") !=
        std::string::npos);
}

TEST_CASE("descriptions and lists of CAMUS with other line ends, marks and capitals") {
  TempDir const folder;
  write_file(folder / "a.cfg", "\xef\xbb\xbfSEX : f\rage: 56.0\rimagequality:\tGOOD");
  auto const read = vlsm::detail::CamusInfo::read(folder / "a.cfg");
  CHECK(read == vlsm::Attributes{{"age", "fifty-six"}, {"sex", "female"}, {"quality", "good"}});
  write_file(folder / "a.txt", "\xef\xbb\xbf patient0001\t\r\n\r\npatient0002");
  CHECK(vlsm::detail::read_camus_list(folder / "a.txt") ==
        std::vector<std::string>{"patient0001", "patient0002"});
  write_file(folder / "a.txt", "patient0001 patient0002\npatient0003");
  CHECK(vlsm::detail::read_camus_list(folder / "a.txt").size() == 3);
  write_file(folder / "a.txt", "patient0001, patient0002");
  CHECK(says(error_of([&] { vlsm::detail::read_camus_list(folder / "a.txt"); }), "no list"));
  write_file(folder / "b.cfg", "Sex: F\nAge: 56\nImageQuality: Good\nSex: M\n");
  CHECK(says(error_of([&] { vlsm::detail::CamusInfo::read(folder / "b.cfg"); }),
             "Sex is there twice"));
  CHECK(vlsm::io::in_any_case(folder / "A.CFG") == folder / "a.cfg");
}

TEST_CASE("masks of low levels are read, or named; photographs are no masks") {
  TempDir const folder;
  auto const doubt = [&](auto const& read, vlsm::Image const& picture) {
    vlsm::write_png(folder / "m.png", picture);
    return read(folder / "m.png").doubt;
  };
  vlsm::write_png(folder / "m.png", square(30, 8, 1));
  auto const ones = vlsm::detail::red_or_green(folder / "m.png");
  CHECK(vlsm::mask_attributes(ones.levels).number == 1);
  CHECK(ones.doubt.empty());
  vlsm::Image blue = xt::zeros<std::uint8_t>({30, 30, 3});
  for (std::size_t i = 0; i < 300; ++i) blue.data()[3 * i + 2] = 255;
  CHECK(doubt(vlsm::detail::red_or_green, blue).find("blue") != std::string::npos);
  CHECK(!doubt(vlsm::detail::red_or_green, vlsm::as_image(square(30, 8, 2))).empty());
  CHECK(!doubt(vlsm::detail::red_or_green, vlsm::as_image(square(30, 2, 100))).empty());
  vlsm::Mask mixed = square(30, 8);
  for (std::size_t x = 0; x < 30; ++x) mixed(0, x) = 1;
  CHECK(doubt(vlsm::gray_levels, vlsm::as_image(mixed)).find("are 1") != std::string::npos);
  // 16 bits: 0 and 255 are the object as 0 and 65535 are.
  for (unsigned const top : {1u, 255u, 65535u}) {
    vlsm::RawPicture raw;
    raw.height = 1, raw.width = 2, raw.channels = 1, raw.bits = 16;
    raw.words = {0, static_cast<std::uint16_t>(top)};
    std::uint8_t last = 0;
    vlsm::detail::for_each_color(raw, [&](std::size_t, auto const& color) { last = color[0]; });
    CHECK(last == (top == 1 ? 1 : 255));
  }
}

TEST_CASE("a picture that is cut off is not copied") {
  TempDir const folder;
  write_kvasir(folder / "Kvasir-SEG");
  auto const picture = folder / "Kvasir-SEG/images/b.png";
  fs::resize_file(picture, fs::file_size(picture) - 20);
  CHECK(error_of([&] {
          vlsm::prepare_dataset(vlsm::read_kvasir(folder.path()), folder / "set");
        }).find("b.png") != std::string::npos);
  CHECK(!fs::exists(folder / "set/anns"));
}

TEST_CASE("what an attribute file lacks, and whom it names in vain") {
  TempDir const folder;
  write_kvasir(folder / "Kvasir-SEG");
  auto const report = [&](Json const& attributes) {
    write_file(folder / "a.json", attributes.dump());
    return report_of("kvasir_polyp", folder.path(), {.attributes = folder / "a.json"});
  };
  Json const whole{{"shape", "round"}, {"color", "pink"}};
  auto const found = report({{"a.png", whole}, {"b.png", {{"shape", "oval"}}}, {"c.png", whole}});
  CHECK(finds(found, "incomplete_attributes", "b.png"));
  CHECK(!finds(found, "incomplete_attributes", "a.png"));
  CHECK(finds(found, "unknown_mask", "c.png"));
  CHECK(error_of([&] {
          report({{"a.png", {{"size", 3}}}});
        }).find("\"size\" is no text") != std::string::npos);
}

TEST_CASE("a mask without an object has no shape and number, whatever an attribute file says") {
  TempDir const folder;
  write_kvasir(folder / "Kvasir-SEG");
  vlsm::Mask const none = xt::zeros<std::uint8_t>({30, 30});
  vlsm::write_png(folder / "Kvasir-SEG/masks/b.png", none);
  Json const same{{"shape", "round"}, {"number", "nine"}, {"texture", "smooth"}};
  write_file(folder / "a.json", Json{{"a.png", same}, {"b.png", same}}.dump());
  vlsm::PromptTable const table = vlsm::parse_prompt_table(
      R"({"levels": {"p1": "{texture} tissue", "p2": "{number} {shape} lesion"}})", "t");
  vlsm::prepare_dataset(vlsm::find_source_format("kvasir_polyp").read(folder.path()),
                        folder / "set", {.attributes = folder / "a.json", .table = table});
  auto const rows = vlsm::read_annotations(folder / "set/anns/all.json");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].prompts.at("p2")[0] == "one round lesion");
  CHECK(rows[1].prompts.at("p1")[0] == "smooth tissue");
  CHECK(!rows[1].prompts.contains("p2"));
}

TEST_CASE("published lists of another set, and rows without some prompts") {
  TempDir const folder;
  write_kvasir(folder / "Kvasir-SEG");
  fs::create_directories(folder / "lists");
  auto const row = [](std::string const& name, Json const& prompts) {
    return Json{{"img_name", name}, {"mask_name", name}, {"prompts", prompts}};
  };
  auto const report = [&](Json const& rows) {
    write_file(folder / "lists/train.json", rows.dump());
    return report_of("kvasir_polyp", folder.path(), {.published = folder / "lists"});
  };
  CHECK(finds(report({row("a.png", {{"p0", ""}, {"p1", "polyp"}}), row("b.png", {{"p0", ""}})}),
              "lacks_levels", "train: b.png"));
  CHECK(error_of([&] {
          report(Json::array({row("x.png", {{"p0", ""}})}));
        }).find("no row") != std::string::npos);
  fs::create_directories(folder / "lists/val.json");
  CHECK(error_of([&] {
          report(Json::array({row("a.png", {{"p0", ""}})}));
        }).find("val.json") != std::string::npos);
}

TEST_CASE("published lists that join a picture with another one's mask") {
  TempDir const folder;
  write_kvasir(folder / "Kvasir-SEG");
  fs::create_directories(folder / "lists");
  auto const row = [](std::string const& image, std::string const& mask) {
    return Json{{"img_name", image}, {"mask_name", mask}, {"prompts", {{"p0", ""}}}};
  };
  write_file(folder / "lists/train.json",
             Json{row("a.png", "b.png"), row("b.png", "b.png")}.dump());
  auto const report = report_of("kvasir_polyp", folder.path(), {.published = folder / "lists"});
  CHECK(finds(report, "other_pair", "train: b.png"));
  CHECK(report.rows.at("train") == 1);
}

TEST_CASE("BUSI: a folder in capitals, one that is not there, and an object in a normal picture") {
  TempDir const folder;
  write_busi(folder.path());
  write_pictures(folder / "Normal", {"normal (1).png"}, 90);
  write_pictures(folder / "Normal", {"normal (1)_mask.png"}, 255);
  auto const report = report_of("busi", folder.path());
  CHECK(report.images == 3);
  CHECK(finds(report, "missing_folder", "malignant"));
  CHECK(finds(report, "unclear_mask", "1_normal.png"));
  CHECK(finds(report, "lacks_levels", "1_normal.png"));
}

TEST_CASE("a symlink in the target must not lead to the publisher's files") {
  for (char const* part : {"images", "masks"}) {
    TempDir const folder;
    write_kvasir(folder / "in/Kvasir-SEG");
    fs::create_directories(folder / "disk");
    auto const said = [&] {
      return error_of(
          [&] { vlsm::prepare_dataset(vlsm::read_kvasir(folder / "in"), folder / "set"); });
    };
    auto const lead_to = [&](fs::path const& place) {
      fs::remove_all(folder / "set" / part);
      fs::create_directory_symlink(place, folder / "set" / part);
    };
    CHECK(said() == "");
    for (char const* place :
         {"in", "in/Kvasir-SEG", "in/Kvasir-SEG/masks", "in/Kvasir-SEG/images"}) {
      lead_to(folder / place);
      CHECK(says(said(), "is read from"));
    }
    lead_to(folder / "disk");
    CHECK(said() == "");
    CHECK(fs::exists(folder / "disk/b.png"));
  }
}

TEST_CASE("a run that was killed as it began is begun anew") {
  TempDir const folder;
  write_kvasir(folder / "in/Kvasir-SEG");
  write_file(folder / "set/preparing.json.partial-0", "{");
  CHECK(error_of([&] {
          vlsm::prepare_dataset(vlsm::read_kvasir(folder / "in"), folder / "set");
        }) == "");
}

TEST_CASE("a set is not written over its own files, and what an earlier run left is named") {
  TempDir const folder;
  write_kvasir(folder / "in/Kvasir-SEG");
  auto const write = [&](fs::path const& source, fs::path const& target) {
    return vlsm::prepare_dataset(vlsm::read_kvasir(source), target);
  };
  write(folder / "in", folder / "set");
  // A prepared set is laid out as Kvasir-SEG itself is.
  for (fs::path const& target :
       {folder / "set", folder / "set/.", folder / "set/images/more", folder / "in/../set/"})
    CHECK(error_of([&] { write(folder / "set", target); }).find("is read from") !=
          std::string::npos);
  CHECK(fs::exists(folder / "set/anns/all.json"));
  fs::remove(folder / "in/Kvasir-SEG/images/b.png");
  fs::remove(folder / "in/Kvasir-SEG/masks/b.png");
  auto const report = write(folder / "in", folder / "set");
  CHECK(finds(report, "stale_files", "images/b.png"));
  CHECK(finds(report, "stale_files", "masks/b.png"));
}

TEST_CASE("symlinks of a publisher's files that lead to nothing are named") {
  TempDir const folder;
  write_busi(folder.path());
  fs::remove(folder / "benign/benign (2)_mask_1.png");
  fs::create_symlink("annex", folder / "benign/benign (2)_mask_1.png");
  CHECK(says(error_of([&] { count_of("busi", folder.path()); }), "benign (2)_mask_1.png"));
  write_kvasir(folder / "Kvasir-SEG");
  fs::remove(folder / "Kvasir-SEG/images/b.png");
  fs::create_symlink("annex", folder / "Kvasir-SEG/images/b.png");
  CHECK(says(error_of([&] { count_of("kvasir_polyp", folder.path()); }), "images/b.png"));
}

TEST_CASE("frames of CVC-ClinicDB and their sequences, by whatever paths the table has") {
  TempDir const folder;
  fs::path const root = folder / "cvcclinicdb";
  std::vector<std::string> const names{"1.png", "2.png", "3.png"};
  write_pictures(root / "PNG/Original", names, 100);
  write_pictures(root / "PNG/Ground Truth", names, 255);
  auto const read = [&](std::string const& rows) {
    write_file(root / "metadata.csv", "png_image_path,sequence_id\n" + rows);
    vlsm::PrepareReport report;
    vlsm::SourceSet const set = vlsm::read_clinicdb(folder.path());
    report.findings = set.findings;
    return std::pair{set, report};
  };
  auto const [set, report] = read("PNG\\Original\\1.png,7\nPNG\\Original\\2.png,7\n");
  CHECK(set.images[0].group == "7");
  CHECK(set.images[1].group == "7");
  CHECK(finds(report, "sequences", "3.png"));
  CHECK(says(error_of([&] { read("PNG/Original/1.png,7\nPNG/Original/1.png,8\n"); }),
             "two sequences, 7 and 8"));
  auto const other = read("PNG/Original/x1.png,7\n").second;
  for (std::string const& name : names) CHECK(finds(other, "sequences", name));
}
