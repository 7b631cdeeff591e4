// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "vlsm/prompts/perturbation.hpp"
#include "vlsm/prompts/tables.hpp"

using namespace vlsm::test;

namespace {

nlohmann::ordered_json to_json(vlsm::PromptTable::Prompt const& prompt) {
  if (!prompt.list) return prompt.sentences.at(0);
  return prompt.sentences;
}

}  // namespace

TEST_CASE("numbers in words") {
  CHECK(vlsm::cardinal(1) == "one");
  CHECK(vlsm::cardinal(18) == "eighteen");
  CHECK(vlsm::cardinal(50) == "fifty");
  CHECK(vlsm::cardinal(71) == "seventy-one");
  CHECK(vlsm::cardinal(100) == "one hundred");
  CHECK(vlsm::cardinal(104) == "one hundred and four");
  CHECK(vlsm::cardinal(1000) == "1000");
}

TEST_CASE("published prompts are taken apart and built again, to the byte") {
  std::filesystem::path const path = VLSM_SHARED "/prompts/samples.jsonl";
  std::ifstream in(path);
  if (!in) {
    MESSAGE("skipped: no ", path.string());
    return;
  }
  std::size_t rows = 0, sentences = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    auto const row = nlohmann::json::parse(line);
    std::string const set = row["dataset"];
    INFO(set, " ", row["mask"].get<std::string>());
    auto const table = vlsm::study_prompt_table(set);
    REQUIRE(table);
    // What all levels together say; a level that says less is told by the others.
    vlsm::Attributes attributes;
    std::string const first =
        row["prompts"]["p1"].is_array() ? row["prompts"]["p1"][0] : row["prompts"]["p1"];
    bool const empty = first.starts_with("no ") || first.starts_with("No ");
    for (auto const& [level, value] : row["prompts"].items()) {
      for (auto const& sentence : value.is_array() ? value : nlohmann::json::array({value})) {
        auto const said = table->parse(level, sentence.get<std::string>());
        CHECK_MESSAGE(said, level, ": ", sentence.get<std::string>());
        if (said && !empty) attributes.insert(said->begin(), said->end());
        ++sentences;
      }
    }
    auto const built = table->render(attributes, empty);
    CHECK(built.size() == row["prompts"].size());
    for (auto const& [level, prompt] : built)
      CHECK(to_json(prompt) == nlohmann::ordered_json(row["prompts"][level]));
  }
  MESSAGE(rows, " rows, ", sentences, " sentences");
  CHECK(rows > 300);
}

TEST_CASE("levels that nothing fills are left out") {
  auto const table = vlsm::study_prompt_table("kvasir_polyp").value();
  auto const prompts = table.render({{"number", "two"}, {"size", "small"}, {"position", "top"}});
  std::set<std::string> levels;
  for (auto const& [level, prompt] : prompts) levels.insert(level);
  CHECK(levels == std::set<std::string>{"p0", "p1", "p7"});
  CHECK(prompts.at("p7").sentences.size() == 5);
  CHECK(table.attributes() ==
        std::set<std::string>{"color", "number", "position", "shape", "size"});
  CHECK(vlsm::study_prompt_table("busi")->attributes() ==
        std::set<std::string>{"number", "pathology", "position", "shape", "size"});
}

TEST_CASE("an empty value takes its blank along") {
  auto const table =
      vlsm::parse_prompt_table(R"({"levels": {"p1": "{Size} {color} spot{s}."}})", "t");
  CHECK(table.render({{"size", ""}, {"color", "red"}, {"s", "s"}}).at("p1").sentences[0] ==
        "red spots.");
  CHECK(table.render({{"size", "tiny"}, {"color", ""}, {"s", ""}}).at("p1").sentences[0] ==
        "Tiny spot.");
}

TEST_CASE("a table of one's own takes what it does not say from another") {
  auto const table = vlsm::parse_prompt_table(
      R"({"like": "photographic", "values": {"target": "liver lesion", "description": ["a mass"]},
          "levels": {"p3": null, "p10": "{size} {texture} {target}"}})",
      "mine.json");
  auto const prompts = table.render({{"size", "large"}, {"texture", "smooth"}});
  CHECK(prompts.at("p10").sentences[0] == "large smooth liver lesion");
  CHECK(prompts.at("p7").sentences == std::vector<std::string>{"liver lesion which is a mass"});
  CHECK(prompts.at("p7").list);
  CHECK(table.attributes().contains("texture"));
  CHECK(table.render({}, true).at("p1").sentences[0] == "no liver lesion");
}

TEST_CASE("null takes a member of a table away, however far it comes from") {
  auto const table =
      vlsm::parse_prompt_table(R"({"like": "kvasir_polyp", "levels": {"p7": null}})", "t");
  CHECK(table.render({}).size() == 2);  // p0, p1
  auto const levels_of_nothing = [](std::string const& more) {
    auto const own = vlsm::parse_prompt_table(
        R"({"like": "breast_ultrasound", "levels": {"p6": null})" + more + "}", "t");
    return own.render({}, /*empty=*/true);
  };
  CHECK(vlsm::study_prompt_table("busi")->render({}, true).contains("p6"));
  CHECK(levels_of_nothing("").contains("p5"));
  CHECK(!levels_of_nothing("").contains("p6"));
}

TEST_CASE("prompt tables that are none") {
  auto const error = [](std::string const& text) {
    return error_of([&] { vlsm::parse_prompt_table(text, "mine.json"); });
  };
  CHECK(error("[]").find("no object") != std::string::npos);
  CHECK(error("{}").find("without \"levels\"") != std::string::npos);
  CHECK(error(R"({"levels": {"p1": 3}})").find("\"p1\"") != std::string::npos);
  CHECK(error(R"({"levels": {"p1": []}})").find("empty list") != std::string::npos);
  for (char const* name : {"", "random"})
    CHECK(
        error(R"({"levels": {")" + std::string(name) + R"(": "x"}})").find("no name for a level") !=
        std::string::npos);
  CHECK(error(R"({"levels": {"p1": "{size"}})").find("do not pair") != std::string::npos);
  CHECK(error(R"({"levels": {"p1": "size}"}})").find("do not pair") != std::string::npos);
  CHECK(error(R"({"levels": {"p1": "{}"}})").find("no name") != std::string::npos);
  CHECK(error(R"({"levels": {"p1": "{a b}"}})").find("name is none") != std::string::npos);
  CHECK(error(R"({"level": {}})").find("\"level\"") != std::string::npos);
  CHECK(error(R"({"like": "lungs"})").find("to be like") != std::string::npos);
  CHECK(error(R"({"levels": {"p1": "x"}, "words": {"s": {"one": ""}}})").find("\"from\"") !=
        std::string::npos);
}

TEST_CASE("an attribute is replaced everywhere it stands, and nothing else") {
  using vlsm::Perturbation, vlsm::Perturber;
  auto const polyp = vlsm::study_prompt_table("kvasir_polyp").value();
  std::string const p6 =
      "two small, medium white it is a round shape polyp, located in top left, "
      "center of the image";
  auto const changed = [&](Perturbation kind, char const* attribute) {
    return Perturber(kind, attribute).sentence(polyp, "p6", p6);
  };
  CHECK(
      changed(Perturbation::opposite, "size") ==
      "two large, tiny white it is a round shape polyp, located in top left, center of the image");
  CHECK(changed(Perturbation::uncommon, "position") ==
        "two small, medium white it is a round shape polyp, located in yclept widdershins, "
        "petrichor of the image");
  CHECK(changed(Perturbation::opposite, "shape") ==
        "two small, medium white square polyp, located in top left, center of the image");
  CHECK(changed(Perturbation::opposite, "all") ==
        "one large, tiny black square polyp, located in bottom right, top left of the image");
  CHECK(changed(Perturbation::opposite, "view") == p6);

  auto const busi = vlsm::study_prompt_table("busi").value();
  Perturber const pathology(Perturbation::opposite, "pathology");
  CHECK(pathology.sentence(busi, "p3", "Two benign tumors in the breast ultrasound image.") ==
        "Two malignant tumors in the breast ultrasound image.");
  CHECK(
      pathology.sentence(busi, "p3", "Two regular-shaped tumors in the breast ultrasound image.") ==
      "Two irregular-shaped tumors in the breast ultrasound image.");
  CHECK(pathology.sentence(busi, "p1", "No tumor in the breast ultrasound image.") ==
        "No tumor in the breast ultrasound image.");
  CHECK(Perturber(Perturbation::opposite, "number")
            .sentence(busi, "p3", "Two benign tumors in the breast ultrasound image.") ==
        "One benign tumors in the breast ultrasound image.");

  CHECK(error_of([&] { Perturber(Perturbation::opposite, "mood"); }).find("mood") !=
        std::string::npos);
  CHECK(error_of([&] { changed(Perturbation::opposite, "texture"); }).find("choose one of") !=
        std::string::npos);
  CHECK(error_of([&] {
          Perturber(Perturbation::opposite, "color").sentence(polyp, "p3", "turquoise round polyp");
        }).find("no counterpart") != std::string::npos);
  CHECK(error_of([&] {
          Perturber(Perturbation::opposite, "color").sentence(polyp, "p3", "a tumor");
        }).find("made this sentence") != std::string::npos);
}

TEST_CASE("a sentence of an empty mask has no shape, and a table's \"known\" is an object") {
  auto const table = vlsm::study_prompt_table("bkai_polyp").value();
  CHECK(!table.parse("p2", "no polyp")->contains("shape"));
  for (auto const kind : {vlsm::Perturbation::uncommon, vlsm::Perturbation::opposite})
    CHECK(vlsm::Perturber(kind, "all").sentence(table, "p2", "no polyp") == "no polyp");
  CHECK_THROWS_AS(vlsm::parse_prompt_table(R"({"levels": {"p1": "x"}, "known": []})", "t"),
                  vlsm::Error);
}
