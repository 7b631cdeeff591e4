// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/doctest.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/prompts/mask_attributes.hpp"
#include "vlsm/prompts/tables.hpp"

namespace {

// '#' is 255, '+' is 200, anything else 0.
vlsm::Mask drawn(std::vector<std::string> const& rows) {
  vlsm::Mask mask = vlsm::Mask::from_shape({rows.size(), rows[0].size()});
  for (std::size_t y = 0; y < rows.size(); ++y)
    for (std::size_t x = 0; x < rows[y].size(); ++x)
      mask(y, x) = rows[y][x] == '#' ? 255 : rows[y][x] == '+' ? 200 : 0;
  return mask;
}

vlsm::Mask filled(std::size_t height, std::size_t width, vlsm::Box const& box) {
  vlsm::Mask mask = xt::zeros<std::uint8_t>({height, width});
  for (auto y = box.y0; y <= box.y1; ++y)
    for (auto x = box.x0; x <= box.x1; ++x)
      mask(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) = 255;
  return mask;
}

vlsm::Box box_of(vlsm::Mask const& mask) { return vlsm::study_box(mask, vlsm::find_regions(mask)); }

}  // namespace

TEST_CASE("regions are counted by sides, in the order of their first pixels") {
  auto const mask = drawn({
      "...#....#",
      ".#.#...#.",
      ".###.....",
      "........+",
      "##......+",
  });
  auto const regions = vlsm::find_regions(mask);
  REQUIRE(regions.size() == 5);
  CHECK(regions[0].box == vlsm::Box{1, 0, 3, 2});  // joined at its lower end
  CHECK(regions[0].area == 6);
  CHECK(regions[1].box == vlsm::Box{8, 0, 8, 0});  // touches the next one by a corner
  CHECK(regions[2].box == vlsm::Box{7, 1, 7, 1});
  CHECK(regions[3].full == 0);
  CHECK(regions[4].box == vlsm::Box{0, 4, 1, 4});
  CHECK(vlsm::find_regions(mask, vlsm::Neighbors::eight).size() == 4);
  CHECK(vlsm::find_regions(drawn({"#.#.#", "#.#.#", "#####"})).size() == 1);
  CHECK(vlsm::find_regions(drawn({"..."})).empty());
}

TEST_CASE("sizes at their limits") {
  auto const word = [](std::size_t full, std::size_t pixels) {
    return vlsm::size_word({.full = full}, pixels);
  };
  CHECK(word(3001, 10000) == "large");
  CHECK(word(3000, 10000) == "medium");
  CHECK(word(801, 10000) == "medium");
  CHECK(word(800, 10000) == "small");
  CHECK(word(10, 10000) == "small");
  CHECK(word(9, 10000) == "tiny");
  CHECK(word(2, 10000) == "tiny");
  CHECK(word(1, 10000) == "");
}

TEST_CASE("a column by thirds of the height, as in the study, or of the width") {
  // Three cells wide: none holds it alone. Its center is 60 of 120.
  auto const mask = filled(60, 120, {30, 25, 90, 30});
  CHECK(vlsm::mask_attributes(mask).position == "right");
  CHECK(vlsm::mask_attributes(mask, vlsm::PositionRule::corrected).position == "center");
}

TEST_CASE("boxes are a pixel wider; a single pixel alone does not count") {
  CHECK(box_of(filled(20, 30, {4, 5, 9, 9})) == vlsm::Box{3, 4, 10, 10});
  CHECK(box_of(filled(20, 30, {0, 0, 29, 9})) == vlsm::Box{0, 0, 30, 10});
  CHECK(box_of(filled(20, 30, {25, 15, 29, 19})) == vlsm::Box{24, 14, 30, 20});
  CHECK(box_of(filled(20, 30, {4, 5, 4, 5})) == vlsm::Box{30, 20, 0, 0});
  // Diagonal to an object of two: their outlines are one.
  CHECK(box_of(drawn({"......", ".##...", "...#..", "......"})) == vlsm::Box{0, 0, 4, 3});
  CHECK(box_of(xt::zeros<std::uint8_t>({20, 30})) == vlsm::Box{30, 20, 0, 0});
}

TEST_CASE("slivers at the border whose boxes have at most 4 pixels do not count") {
  CHECK(box_of(filled(20, 30, {0, 5, 0, 7})) == vlsm::Box{30, 20, 0, 0});    // 1 x 4
  CHECK(box_of(filled(20, 30, {0, 5, 0, 8})) == vlsm::Box{0, 4, 1, 9});      // 1 x 5
  CHECK(box_of(filled(20, 30, {7, 0, 8, 0})) == vlsm::Box{30, 20, 0, 0});    // 3 x 1
  CHECK(box_of(filled(20, 30, {0, 0, 1, 1})) == vlsm::Box{30, 20, 0, 0});    // 2 x 2
  CHECK(box_of(filled(20, 30, {29, 5, 29, 6})) == vlsm::Box{28, 4, 30, 7});  // no border clips it
}

TEST_CASE("every published row of BUSI and Kvasir-SEG follows from its mask") {
  std::filesystem::path const root = VLSM_SHARED "/data";
  if (!std::filesystem::exists(root)) {
    MESSAGE("skipped: no pictures in ", root.string());
    return;
  }
  std::size_t rows = 0;
  for (auto const& [set, splits] :
       {std::pair{"busi", std::vector{"train", "val", "test"}}, {"kvasir_polyp", {"all"}}}) {
    auto const table = vlsm::study_prompt_table(set);
    for (std::string const split : splits) {
      std::ifstream in(root / set / "anns" / (split + ".json"));
      for (auto const& row : nlohmann::json::parse(in)) {
        std::string const name = row["mask_name"];
        auto const mask = vlsm::read_mask(root / set / "masks" / name);
        // Copies of another size, whose boxes fit no longer.
        if (mask.shape(0) == 416 && mask.shape(1) == 416) continue;
        INFO(name);
        auto const found = vlsm::mask_attributes(mask);
        auto const& box = row["bbox"];
        CHECK(found.box == vlsm::Box{box[0], box[1], box[2], box[3]});
        auto const& prompt = row["prompts"][set == std::string("busi") ? "p5" : "p6"];
        std::string const sentence = prompt.is_array() ? prompt[0] : prompt;
        auto const said = table->parse(set == std::string("busi") ? "p5" : "p6", sentence).value();
        auto const words = found.words();
        CHECK(words.empty() == !said.contains("number"));
        for (auto const& [attribute, word] : words) CHECK(said.at(attribute) == word);
        ++rows;
      }
    }
  }
  MESSAGE(rows, " rows as published");
  CHECK(rows > 80);
}
