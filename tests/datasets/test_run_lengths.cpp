// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>
#include <vector>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/data/run_lengths.hpp"
#include "vlsm/image/read.hpp"

using namespace vlsm::test;

namespace {

using Runs = std::vector<std::int64_t>;

vlsm::Mask of(Runs const& runs, long long height, long long width) {
  return vlsm::mask_of_run_lengths(std::span<std::int64_t const>(runs), height, width, "ann");
}
std::string error_of_text(std::string const& text, long long height = 2, long long width = 3) {
  return error_of([&] { return vlsm::mask_of_run_lengths(text, height, width, "ann"); });
}
std::string error_of_runs(Runs const& runs, long long height = 2, long long width = 3) {
  return error_of([&] { return of(runs, height, width); });
}

}  // namespace

TEST_CASE("runs go down the columns, background first") {
  vlsm::Mask const expected = {{0, 255, 0}, {255, 255, 0}};
  CHECK(of({1, 3, 2}, 2, 3) == expected);
  CHECK(of({1, 2, 0, 1, 2}, 2, 3) == expected);
  CHECK(vlsm::mask_of_run_lengths("132", 2, 3, "ann") == expected);
  CHECK(of({0, 6}, 2, 3) == vlsm::Mask{{255, 255, 255}, {255, 255, 255}});
  CHECK(of({6}, 2, 3) == vlsm::Mask{{0, 0, 0}, {0, 0, 0}});
}

// Texts of pycocotools 2.0.
TEST_CASE("compressed runs are those of COCO") {
  CHECK(vlsm::run_lengths_of(of({6}, 2, 3)) == "6");
  CHECK(vlsm::run_lengths_of(of({0, 6}, 2, 3)) == "06");
  vlsm::Mask const empty = vlsm::mask_of_run_lengths("PVWX6", 2320, 2828, "ann");
  CHECK(vlsm::run_lengths_of(empty) == "PVWX6");
  CHECK(vlsm::run_lengths_of(of({100, 40, 60, 10, 90}, 10, 30)) == "T3X1l1ROn0");
}

TEST_CASE("what is written is read back") {
  std::uint32_t state = 1;
  auto const random = [&](std::uint32_t below) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
  };
  for (int round = 0; round < 200; ++round) {
    std::size_t const height = 1 + random(40), width = 1 + random(40), steady = 1 + random(60);
    vlsm::Mask mask = vlsm::Mask::from_shape({height, width});
    std::uint8_t level = 0;
    for (std::size_t x = 0; x < width; ++x)
      for (std::size_t y = 0; y < height; ++y) {
        if (random(static_cast<std::uint32_t>(steady)) == 0)
          level = static_cast<std::uint8_t>(255 - level);
        mask(y, x) = level;
      }
    CHECK(vlsm::mask_of_run_lengths(vlsm::run_lengths_of(mask), static_cast<long long>(height),
                                    static_cast<long long>(width), "ann") == mask);
  }
}

TEST_CASE("runs that do not fill the mask exactly are an Error") {
  CHECK(says(error_of_text("7"), "longer than the mask's 2 x 3 pixels: ann"));
  CHECK(says(error_of_text("133"), "longer"));
  CHECK(says(error_of_text("5"), "end after 5 of 2 x 3"));
  CHECK(says(error_of_text(""), "end after 0"));
  CHECK(says(error_of_text("O"), "below 0: -1"));
  CHECK(says(error_of_runs({1, -1, 6}), "below 0"));
  CHECK(says(error_of_runs({1, INT64_MAX, INT64_MAX}), "longer"));
  CHECK(says(error_of_runs({INT64_MIN}), "below 0"));
  CHECK(says(error_of_runs({3}), "end after 3"));
}

TEST_CASE("text that is none is an Error") {
  CHECK(says(error_of_text("6 "), "none of theirs, at place 2"));
  CHECK(says(error_of_text("/"), "none of theirs"));
  CHECK(says(error_of_text("p"), "none of theirs"));
  CHECK(says(error_of_text("\xff"), "none of theirs"));
  CHECK(says(error_of_text("P"), "inside a number"));
  CHECK(says(error_of_text("132oooo"), "inside a number"));
  CHECK(says(error_of_text(std::string(13, 'P') + "0"), "more than 64 bits"));
  CHECK(says(error_of_text(std::string(4000, 'o') + "0"), "more than 64 bits"));
  CHECK(error_of_text("6PPPPPPPPPPP0").find("64 bits") == std::string::npos);
}

TEST_CASE("a size that cannot be is told before memory is asked for") {
  CHECK(says(error_of_text("6", 0, 3), "without pixels: size [0, 3]"));
  CHECK(says(error_of_text("6", 2, -3), "without pixels"));
  CHECK(says(error_of_text("6", 10'000'000, 10'000'000), "too large"));
  CHECK(says(error_of_text("6", INT64_MAX, INT64_MAX), "too large"));
  CHECK(says(error_of_text("6", 70'000, 1), "too large"));
}

TEST_CASE("CheXlocalize's run lengths give the expected masks, broken ones an Error") {
  auto const root = shared("fixtures/datasets/chexlocalize");
  VLSM_NEEDS(root, "datasets/chexlocalize");
  auto const read = [](std::filesystem::path const& path) {
    return nlohmann::json::parse(read_file(path));
  };
  auto const mask_of = [](nlohmann::json const& one) {
    return vlsm::mask_of_run_lengths(one.at("counts").get<std::string>(), one.at("size")[0],
                                     one.at("size")[1], "ann");
  };
  int count = 0;
  for (char const* split : {"val", "test"}) {
    auto const path =
        *root / "source" / "CheXlocalize" / (std::string("gt_segmentations_") + split + ".json");
    auto const pictures = read(path);
    for (auto const& [id, findings] : pictures.items())
      for (auto const& [finding, one] : findings.items()) {
        vlsm::Mask const mask = mask_of(one);
        CHECK(vlsm::run_lengths_of(mask) == one.at("counts"));
        std::string name = id + "_" + finding + ".png";
        for (char& c : name) c = c == ' ' ? '_' : static_cast<char>(c);
        for (auto const& entry :
             std::filesystem::directory_iterator(*root / "expected" / "masks")) {
          std::string const file = entry.path().filename().string();
          bool equal = file.size() == name.size();
          for (std::size_t i = 0; equal && i < name.size(); ++i)
            equal = std::tolower(file[i]) == std::tolower(name[i]);
          if (!equal) continue;
          INFO(name);
          CHECK(mask == vlsm::read_mask(entry.path()));
          ++count;
        }
      }
  }
  std::printf("%d masks\n", count);
  CHECK(count > 5);
  for (char const* name :
       {"huge-size", "rle-bad-character", "rle-cut-in-a-number", "rle-endless-number",
        "rle-negative-run", "rle-overruns", "rle-too-short"}) {
    INFO(name);
    auto const bad = read(root->parent_path() / "bad" / (std::string("chexlocalize-") + name) /
                          "source/CheXlocalize/gt_segmentations_val.json");
    auto const& one = bad.at("patient64600_study1_view1_frontal").at("Edema");
    CHECK_FALSE(error_of([&] { return mask_of(one); }).empty());
  }
}
