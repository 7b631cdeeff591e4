// SPDX-License-Identifier: MIT
#include <map>
#include <sstream>

#include "tool/run_tool.hpp"
#include "vlsm/data/synthetic_dataset.hpp"

// The study's three questions on pictures whose answers are known: does the text help, does it
// carry over to another camera, does the model read the words.
using namespace vlsm::test;

namespace {

/// Rows of a CSV file by the names of its columns.
std::vector<std::map<std::string, std::string>> read_csv(std::filesystem::path const& path) {
  std::vector<std::string> headers;
  std::vector<std::map<std::string, std::string>> rows;
  std::istringstream in(read_file(path));
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> cells;
    std::istringstream parts(line + ",");
    for (std::string cell; std::getline(parts, cell, ',');) cells.push_back(cell);
    if (headers.empty()) {
      headers = cells;
      continue;
    }
    REQUIRE(cells.size() == headers.size());
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row[headers[i]] = cells[i];
  }
  return rows;
}

}  // namespace

TEST_CASE("a study's tables say the known answers") {
  TempDir const folder;
  vlsm::SyntheticCounts const counts{.train = 240, .val = 12, .test = 24};
  // Three objects, one of which the words name; one object, whatever the words; the first as
  // another camera sees it.
  vlsm::write_synthetic(folder / "needed", {.side = 64}, counts, 1);
  vlsm::write_synthetic(folder / "single", {.side = 64, .objects = 1},
                        {.train = 480, .val = 36, .test = 72}, 2);
  vlsm::write_synthetic(folder / "camera", {.side = 64, .other = true}, counts, 3);
  write_file(folder / "study.json", R"({
    "name": "known answers", "models": ["clipseg-tiny"],
    "data": ["needed", "single", {"path": "camera", "trained": false}],
    "prompts": ["p0", "p2"],
    "tests": {"out_of_distribution": [["needed", "camera"]],
              "perturbations": ["opposite", "uncommon"], "attributes": ["color"]},
    "training": {"epochs": 10, "batch": 16, "clip": 1.0, "loss": "dice-ce", "schedule": "cosine"}})");
  check_done(run_tool("study " + as_word(folder / "study.json") + " --threads 1 --out " +
                      as_word(folder / "out")));

  std::map<std::string, double> dice;
  for (auto& row : read_csv(folder / "out/tables/prompts.csv"))
    dice[row["data"] + " " + row["prompt"]] = std::stod(row["dice"]);
  MESSAGE("needed: ", dice["needed p0"], " without words, ", dice["needed p2"],
          " with; single: ", dice["single p0"], ", ", dice["single p2"]);
  // Where three objects stand, words decide; where there is one, they say nothing new.
  CHECK(dice["needed p2"] > dice["needed p0"] + 0.25);
  CHECK(std::abs(dice["single p2"] - dice["single p0"]) < 0.1);

  std::map<std::string, std::map<std::string, std::string>> words;
  for (auto& row : read_csv(folder / "out/tables/perturbation.csv"))
    words[row["data"] + " " + row["perturbation"]] = row;
  MESSAGE("opposite words: needed ", words["needed opposite"]["drop"], ", single ",
          words["single opposite"]["drop"]);
  CHECK(std::stod(words["needed opposite"]["low"]) > 0.2);
  CHECK(std::stod(words["needed opposite"]["p_holm"]) < 0.001);
  CHECK(std::stod(words["single opposite"]["drop"]) < 0.1);

  auto ood = read_csv(folder / "out/tables/ood.csv");
  for (auto& row : ood) {
    MESSAGE(row["prompt"], " on the other camera: ", row["dice"], ", on its own ",
            row["dice_own_set"]);
    if (row["prompt"] == "p2")
      CHECK(std::stod(row["dice_own_set"]) > std::stod(row["dice_high"]) + 0.1);
  }
  CHECK(ood.size() == 2);
}
