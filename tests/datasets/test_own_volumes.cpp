// SPDX-License-Identifier: MIT
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/volume/dicom.hpp"
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
    return vlsm::prepare_dataset(vlsm::read_folder(*this / "own", layout), *this / "set",
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

namespace {

/// A MetaImage of 4 x 3 pixels and the frames that `values` fill.
std::string metaimage(std::vector<std::uint8_t> const& values) {
  return "NDims = 3\nDimSize = 4 3 " + std::to_string(values.size() / 12) +
         "\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n" +
         std::string(values.begin(), values.end());
}

std::vector<std::uint8_t> uniform(std::size_t frames, std::uint8_t value) {
  return std::vector<std::uint8_t>(12 * frames, value);
}

/// A folder of MetaImages NAME.mha that are as large as their masks.
struct Volumes : TempDir {
  explicit Volumes(std::map<std::string, std::vector<std::uint8_t>> const& masks) {
    fs::create_directories(*this / "images");
    fs::create_directories(*this / "masks");
    for (auto const& [name, mask] : masks) {
      write_file(*this / "images" / (name + ".mha"), metaimage(uniform(mask.size() / 12, 50)));
      write_file(*this / "masks" / (name + ".mha"), metaimage(mask));
    }
  }
  vlsm::SourceSet read(vlsm::FolderLayout const& layout = {}) const {
    return vlsm::read_folder(path(), layout);
  }
};

std::string text_of(vlsm::SourceSet const& set, std::string const& kind) {
  for (vlsm::Finding const& finding : set.findings)
    if (finding.kind == kind) return finding.text;
  return {};
}

}  // namespace

TEST_CASE("labels are told apart over all frames and files") {
  auto slices = uniform(3, 0);
  slices[12] = 1, slices[24] = 2;
  Volumes const frames({{"a", slices}});
  CHECK(says(error_of([&] { frames.read(); }), "the labels 1, 2: "));
  CHECK(frames.read({.label = 2}).rows.size() == 1);
  Volumes const files({{"a", uniform(1, 1)}, {"b", uniform(1, 2)}});
  CHECK(says(error_of([&] { files.read(); }), "--label"));
  auto const chosen = files.read({.label = 2});
  CHECK(chosen.rows.size() == 2);
  CHECK(chosen.rows[0].read().levels(0, 0) == 0);
  CHECK(chosen.rows[1].read().levels(0, 0) == 255);
  Volumes const one({{"a", uniform(1, 7)}, {"b", uniform(1, 0)}});
  CHECK(says(text_of(one.read(), "mask_meaning"), "label 7"));
}

TEST_CASE("labels beyond 8 bits, as atlases of the brain have them") {
  if (lacks_nifti()) {
    MESSAGE("skipped: no libnifti");
    return;
  }
  auto both = labels(1003);
  both[24] = 2035;
  Own const own(both);
  CHECK(says(error_of([&] { own.prepare(); }), "the labels 1003, 2035: "));
  CHECK(own.prepare({.label = 2035}).rows.at("all") == 1);
  CHECK(vlsm::read_mask(own / "set/masks/ct_2.png")(0, 0) == 255);
  Own const negative(labels(-1));
  CHECK(says(error_of([&] { negative.prepare(); }), "the value -1 is no label"));
}

TEST_CASE("a label that no mask holds, and masks that hold none") {
  Volumes const set({{"a", uniform(1, 2)}, {"b", uniform(2, 3)}});
  CHECK(says(error_of([&] { set.read({.label = 7}); }), "no mask holds label 7: there are 2, 3"));
  CHECK(says(error_of([&] { set.read({.label = 300}); }), "no mask holds label 300"));
  CHECK(set.read({.label = 7, .allow_empty = true}).rows.size() == 1);
  Volumes const empty({{"a", uniform(2, 0)}});
  CHECK(says(error_of([&] { empty.read(); }), "no mask holds an object"));
  CHECK(says(error_of([&] { empty.read({.allow_empty = true}); }), "no frame holds an object"));
}

TEST_CASE("a picture as mask of a MetaImage means what all such masks mean") {
  Volumes const set({{"a", uniform(1, 1)}});
  fs::remove(set / "masks/a.mha");
  vlsm::Mask mask = xt::zeros<std::uint8_t>({3, 4});
  mask(0, 0) = 2, mask(1, 0) = 3;
  vlsm::write_png(set / "masks/a.png", mask);
  CHECK(says(error_of([&] { set.read(); }), "--mask-value"));
  auto const read = set.read({.mask_value = vlsm::parse_mask_choice("3")});
  auto const levels = read.rows[0].read().levels;
  CHECK((levels(0, 0) == 0 && levels(1, 0) == 255));
  CHECK(says(error_of([&] { set.read({.label = 3}); }), "--label is for masks in NIfTI"));
  Volumes const labels({{"a", uniform(1, 1)}});
  CHECK(says(error_of([&] { labels.read({.mask_value = vlsm::parse_mask_choice("1")}); }),
             "--mask-value is for masks that are pictures"));
}

TEST_CASE("beside volumes, what is not read is named") {
  Volumes const set({{"a", uniform(1, 1)}});
  write_file(set / "masks/b.mha", metaimage(uniform(1, 1)));
  write_file(set / "images/c.png", "not looked at");
  write_file(set / "masks/c.png", "not looked at");
  std::set<std::string> kinds;
  std::vector<std::string> lonely;
  for (vlsm::Finding const& finding : set.read().findings) {
    kinds.insert(finding.kind);
    if (finding.kind == "mask_without_picture") lonely = finding.names;
  }
  CHECK(kinds == std::set<std::string>{"left_out", "mask_meaning", "mask_without_picture"});
  CHECK(lonely == std::vector<std::string>{"b.mha"});
}

TEST_CASE("--clean takes copies of volumes out, not neighbors of one") {
  // Frames of a volume look alike: a pattern, and a corner that grows.
  Volumes set({{"a", uniform(6, 1)}, {"b", uniform(6, 1)}, {"c", uniform(6, 1)}});
  std::mt19937 random(1);
  std::map<char, std::vector<std::uint8_t>> patterns;
  for (char const name : {'a', 'b'})
    for (int i = 0; i < 12 * 6 * 256; ++i) patterns[name].push_back(0);
  for (auto& [name, values] : patterns) {
    std::vector<std::uint8_t> pattern(64 * 48);
    for (std::size_t p = 0; p < 192; ++p) {
      auto const level = static_cast<std::uint8_t>(random() % 200);
      for (std::size_t q = 0; q < 16; ++q)
        pattern[(p / 16 * 4 + q / 4) * 64 + p % 16 * 4 + q % 4] = level;
    }
    for (std::size_t k = 0; k < 6; ++k) {
      for (std::size_t x = 0; x < 6 * k; ++x) pattern[x] = 255;
      std::ranges::copy(pattern, values.begin() + static_cast<std::ptrdiff_t>(k * pattern.size()));
    }
  }
  patterns['c'] = patterns['b'];
  auto const volume_of = [](std::vector<std::uint8_t> const& values) {
    return "NDims = 3\nDimSize = 64 48 6\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n" +
           std::string(values.begin(), values.end());
  };
  for (auto const& [name, values] : patterns) {
    write_file(set / "images" / (std::string(1, name) + ".mha"), volume_of(values));
    write_file(set / "masks" / (std::string(1, name) + ".mha"),
               volume_of(std::vector<std::uint8_t>(values.size(), 1)));
  }
  auto const report = vlsm::prepare_dataset(set.read(), set / "set", {.clean = true});
  CHECK(report.rows.at("all") == 12);
  CHECK(report.masks == 18);
  std::size_t groups = 0;
  for (vlsm::Finding const& finding : report.findings) {
    if (finding.kind != "identical_pictures" && finding.kind != "look_alikes") continue;
    CHECK(finding.names.size() == 2);
    ++groups;
  }
  CHECK(groups == 6);
}

TEST_CASE("volumes without a frame that holds the object are named") {
  Volumes const set({{"a", uniform(2, 1)}, {"b", uniform(2, 0)}, {"c", uniform(1, 0)}});
  vlsm::SourceSet const read = set.read();
  CHECK(read.rows.size() == 3);
  vlsm::PrepareReport report;
  report.findings = read.findings;
  CHECK(finds(report, "no_row", {"b.mha"}));
  CHECK(!finds(report, "no_row", {"c.mha"}));
}

TEST_CASE("a mask that lies elsewhere in space than its picture is named") {
  if (lacks_nifti()) VLSM_SKIP("no libnifti");
  Own const own;
  auto const found = [&](std::size_t at, float value) {
    std::string mask = volume(labels(1), 3);
    mask.replace(at, 4, number_bytes(value));
    write_file(own / "own/masks/ct.nii", mask);
    std::string text = text_of(vlsm::read_folder(own / "own"), "other_place");
    return text.substr(0, text.find(" in "));
  };
  CHECK(found(280, -0.3f) == "");
  CHECK(found(280, 0.3f) == "the orientation");  // sform's first axis
  CHECK(found(300, -0.6f) == "the spacing");     // its second one
  CHECK(found(292, 40.f) == "the origin");       // where the first axis begins
}

TEST_CASE("the files of one person are split as one") {
  auto const file = [](std::string const& person, int level) {
    DicomSpec spec;
    bool const study = person.starts_with("1");  // known by the study's UID alone
    if (!study && !person.empty()) spec.early = spec.element(0x10, 0x20, "LO", person);
    if (study) spec.early = spec.element(0x20, 0x0d, "UI", person);
    spec.pixels[0] = static_cast<char>(level);
    return spec.bytes();
  };
  if (!error_of([&] { vlsm::parse_dicom(file("p", 1), "file"); }).empty()) VLSM_SKIP("no DCMTK");
  TempDir const folder;
  for (char const* part : {"images", "masks"}) fs::create_directories(folder / part);
  std::vector<std::string> const people{"p\xe9ter", "p\xe8ter", "p\xe9ter", "1.2.3",
                                        "1.2.3",    "",         ""};
  for (std::size_t i = 0; i < people.size(); ++i) {
    std::string const name = "a" + std::to_string(i) + ".dcm";
    write_file(folder / "images" / name, file(people[i], static_cast<int>(i)));
    write_file(folder / "masks" / name,
               DicomSpec{.pixels = std::string("\0\0\0\1\1\1", 6)}.bytes());
  }
  auto const set = vlsm::read_folder(folder.path());
  REQUIRE(set.images.size() == people.size());
  for (std::size_t i = 0; i < people.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      bool const same = !people[i].empty() && people[i] == people[j];
      CHECK((set.images[i].group == set.images[j].group) == same);
    }
}

TEST_CASE("a DICOM in color is a picture, and no mask") {
  DicomSpec color{.kind = "RGB", .samples = 3, .pixels = std::string(18, '\5')};
  if (!error_of([&] { vlsm::parse_dicom(color.bytes(), "file"); }).empty()) VLSM_SKIP("no DCMTK");
  TempDir const folder;
  for (char const* part : {"images", "masks"}) fs::create_directories(folder / part);
  write_file(folder / "images/a.dcm", color.bytes());
  write_file(folder / "masks/a.dcm", DicomSpec{.pixels = std::string("\0\0\0\1\1\1", 6)}.bytes());
  auto const set = vlsm::read_folder(folder.path());
  CHECK(set.images[0].convert()(1, 2, 2) == 5);
  write_file(folder / "masks/a.dcm", color.bytes());
  for (auto const& label : {std::optional<int>(), std::optional(255)})
    CHECK(says(error_of([&] { vlsm::read_folder(folder.path(), {.label = label}); }),
               "a mask in color has no labels"));
}

TEST_CASE("a MetaImage's data in a folder of its own is read, and not said to be passed over") {
  Volumes const set({{"a", uniform(1, 1)}});
  std::string const text = "NDims = 2\nDimSize = 4 3\nElementType = MET_UCHAR\nElementDataFile = ";
  fs::create_directories(set / "images/sub");
  write_file(set / "images/b.mhd", text + "sub/b.raw\n");
  write_file(set / "images/sub/b.raw", std::string(12, '\5'));
  write_file(set / "masks/b.mha", metaimage(uniform(1, 1)));
  CHECK(set.read().rows.size() == 2);
  CHECK(text_of(set.read(), "not_read") == "");
}
