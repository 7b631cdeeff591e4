// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "support/sanitized.hpp"
#include "vlsm/prompts/location.hpp"
#include "vlsm/prompts/perturb.hpp"
#include "vlsm/prompts/tables.hpp"

using namespace vlsm;
using namespace vlsm::test;

namespace {

using Rows = std::vector<Annotation>;

/// Rows of one level.
Rows rows_of(std::string const& level, std::vector<std::string> const& sentences) {
  Rows rows;
  for (std::string const& sentence : sentences)
    rows.push_back({"i.png", "m.png", {{level, {sentence}}}});
  return rows;
}

std::string words(Perturbation kind, std::string const& attribute, std::string const& text) {
  return Perturber(kind, attribute).words(text);
}

/// The published rows, by data set; nothing where they are not at hand.
std::map<std::string, Rows> published() {
  std::map<std::string, Rows> sets;
  std::ifstream in(VLSM_SHARED "/prompts/samples.jsonl");
  for (std::string line; std::getline(in, line);) {
    auto const row = nlohmann::json::parse(line);
    Annotation one{row["file"], row["mask"], {}};
    for (auto const& [level, value] : row["prompts"].items())
      for (auto const& sentence : value.is_array() ? value : nlohmann::json::array({value}))
        one.prompts[level].push_back(sentence);
    sets[row["dataset"]].push_back(one);
  }
  return sets;
}

/// The words of perturbation.json, by our names of the attributes.
std::map<std::string, nlohmann::json> published_words() {
  std::map<std::string, std::string> const names{
      {"pathology (BUSI)", "pathology"},
      {"view (CheXlocalize; CAMUS {view}-chamber)", "view"},
      {"cardiac cycle", "cycle"},
      {"image quality", "quality"}};
  std::ifstream in(VLSM_SHARED "/prompts/perturbation.json");
  std::map<std::string, nlohmann::json> all;
  auto const json = nlohmann::json::parse(in);
  for (auto const& [name, values] : json["maps"].items())
    all[names.contains(name) ? names.at(name) : name] = values;
  return all;
}

/// A value with its counterpart, element by element, by the published words.
std::string changed(nlohmann::json const& words, std::string const& value, Perturbation kind) {
  auto const one = [&](std::string const& part) {
    auto const& pair = words.at(part);
    if (kind == Perturbation::uncommon) return pair["uncommon"].get<std::string>();
    auto const opposite = pair["opposite"].get<std::string>();
    return kind == Perturbation::opposite ? opposite : part + " and " + opposite;
  };
  if (words.contains(value)) return one(value);
  std::vector<std::string> parts;
  for (std::string_view const part : strings::split_text(value, ", "))
    parts.push_back(one(std::string(part)));
  return strings::joined(parts);
}

bool is_empty(Annotation const& row) {
  return row.prompts.at("p1")[0].starts_with("no ") || row.prompts.at("p1")[0].starts_with("No ");
}

constexpr char const* no_samples = "no prompts/samples.jsonl";

}  // namespace

TEST_CASE("perturbed published prompts are what their templates make of the other words") {
  auto const sets = published();
  if (sets.empty()) VLSM_SKIP(no_samples);
  auto const all_words = published_words();
  std::size_t const step = sanitized ? 16 : 1;  // each row takes the same way
  std::size_t compared = 0;
  for (auto const& [set, rows] : sets) {
    auto const table = study_prompt_table(set).value();
    for (auto const& [attribute, words] : all_words) {
      if (!table.attributes().contains(attribute)) continue;
      for (auto const kind :
           {Perturbation::uncommon, Perturbation::opposite, Perturbation::contradictory})
        for (std::size_t k = 0; k < rows.size(); k += step) {
          Annotation const& row = rows[k];
          if (is_empty(row)) continue;
          for (auto const& [level, sentences] : row.prompts) {
            Rows one{{row.image, row.mask, {{level, sentences}}}};
            if (level == "p0" || sentences == row.prompts.at("p1")) continue;
            try {
              auto const report = perturb(
                  one, {.kind = kind, .attribute = attribute, .level = level, .source = {set}});
              CHECK(report.by_words == 0);
              CHECK(report.unknown == 0);
            } catch (Error const& error) {  // the level does not name it
              CHECK(says(error.what(), "names " + attribute));
            }
            for (std::size_t i = 0; i < sentences.size(); ++i) {
              INFO(set, " ", level, " ", sentences[i]);
              // The "s" of "tumors" does not follow from the new words.
              auto const parsed = table.parse(level, sentences[i]).value();
              auto const expected = table.rewrite(
                  level, sentences[i], [&](std::string const& slot, std::string const& value) {
                    bool const is_of =
                        slot == attribute || (slot == "regularity" && attribute == "pathology");
                    return is_of ? changed(words, value, kind) : value;
                  });
              CHECK(one[0].prompts.at(level)[i] == expected.value());
              bool const names = parsed.contains(attribute) ||
                                 (attribute == "pathology" && parsed.contains("regularity"));
              CHECK((expected.value() != sentences[i]) == names);
              ++compared;
            }
          }
        }
    }
  }
  MESSAGE(compared, " sentences");
  CHECK(compared > 10'000 / step);
}

TEST_CASE("published prompts without the location are those of the template without its phrase") {
  auto const sets = published();
  if (sets.empty()) VLSM_SKIP(no_samples);
  // By family: level -> the template without its phrase; "" is the level's own, without a location.
  using Levels = std::map<std::string, std::vector<std::string>>;
  std::string const busi = " tumor{s} in the breast ultrasound image.";
  Levels const photographic{
      {"p6", {"{number} {size} {color} {shape} {target}"}},
      {"p9", {"{number} {size} {color} {shape} {target} which is {description}"}}};
  Levels const breast{
      {"p5", {"{Number} {size} {pathology}" + busi, "{Number} {size} {regularity}-shaped" + busi}},
      {"p6",
       {"{Number} {size} {shape}-shaped {pathology}" + busi,
        "{Number} {size} {shape}-shaped {regularity}" + busi}}};
  std::string const chest = "{finding} of shape {shape} in the {view} view of a Chest Xray.";
  Levels const x_ray{{"p4", {chest}}, {"p5", {chest + " {findings} are present."}}};
  std::size_t compared = 0;
  for (auto const& [set, rows] : sets) {
    auto const table = study_prompt_table(set).value();
    Levels const& levels = set == "busi"           ? breast
                           : set == "chexlocalize" ? x_ray
                           : set == "camus"        ? Levels{}
                                                   : photographic;
    for (Annotation const& row : rows)
      for (auto const& [level, sentences] : row.prompts)
        for (std::size_t i = 0; i < sentences.size(); ++i) {
          INFO(set, " ", level, " ", sentences[i]);
          std::string expected = sentences[i];
          if (auto const form = levels.find(level); form != levels.end() && !is_empty(row)) {
            auto const slots = table.parse(level, sentences[i]).value();
            SentenceTemplate const other(form->second[i % form->second.size()], "test");
            expected =
                other.render([&](std::string const& slot) { return &slots.at(slot); }).value();
            ++compared;
          }
          CHECK(without_location(sentences[i]) == expected);
        }
  }
  MESSAGE(compared, " sentences");
  CHECK(compared > 1000);
}

TEST_CASE("published rows say whose templates they are of and which attributes a level names") {
  auto const sets = published();
  if (sets.empty()) VLSM_SKIP(no_samples);
  using Names = std::vector<std::string>;
  for (auto const& [set, rows] : sets) {
    INFO(set);
    bool const polyp = set.ends_with("_polyp");
    CHECK(find_prompt_source(rows, {}) == (polyp ? "polyp" : set));
    if (polyp) {
      CHECK(perturbable_attributes(rows, "p4", {}) == Names{"color", "shape", "size"});
      CHECK(perturbable_attributes(rows, "p1", {}) == Names{});
      CHECK(perturbable_attributes(rows, "random", {}) ==
            Names{"color", "number", "position", "shape", "size"});
    }
    // The richest and the poorest prompt instead.
    for (auto const& [kind, level] :
         {std::pair{Perturbation::overdescribed, "p2"}, {Perturbation::underdescribed, "p4"}}) {
      auto other = rows;
      auto const report = perturb(other, {.kind = kind, .level = level});
      CHECK(report.changed > 0);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        std::string const richest = set == "chexlocalize" ? "p5" : rows[i].prompts.rbegin()->first;
        CHECK(other[i].prompts.at(level) ==
              rows[i].prompts.at(kind == Perturbation::overdescribed ? richest : "p1"));
        auto rest = other[i].prompts, before = rows[i].prompts;
        rest.erase(level), before.erase(level);
        CHECK(rest == before);
      }
    }
  }
}

TEST_CASE("words are replaced wherever they stand, whole and with their capital") {
  CHECK(words(Perturbation::opposite, "color", "red polyp") == "green polyp");
  CHECK(words(Perturbation::opposite, "color", "Red polyp, redder than red") ==
        "Green polyp, redder than green");
  CHECK(words(Perturbation::contradictory, "size", "Large polyp") == "Large and small polyp");
  CHECK(words(Perturbation::uncommon, "position", "a spot in top left, right of it") ==
        "a spot in yclept widdershins, borborygmus of it");
  CHECK(words(Perturbation::opposite, "pathology", "Irregular-shaped, not regular") ==
        "Regular-shaped, not irregular");
  CHECK(words(Perturbation::opposite, "all", "a large red spot on the left") ==
        "a small green spot on the right");
  CHECK(words(Perturbation::opposite, "color", "") == "");
  CHECK(words(Perturbation::opposite, "color", "rédred") == "rédred");
  // Parts of longer numbers, and of words, are none.
  for (char const* longer :
       {"twenty-one red lesions", "thirty-two lesions", "twenty one lesions", "two hundred spots",
        "a hundred and one-sided masks", "seven-sided spot", "one hundred and two polyps",
        "a thousand and ten spots", "One Hundred And Two polyps"})
    CHECK(words(Perturbation::opposite, "number", longer) == longer);
  CHECK(words(Perturbation::opposite, "number", "twenty spots, one of them red") ==
        "one spots, ten of them red");
  CHECK(words(Perturbation::opposite, "number", "a hundred, and two spots") ==
        "a hundred, and one spots");
  // What is seen is no shape.
  CHECK(words(Perturbation::opposite, "shape", "a round heart on the foot, x-ray") ==
        "a square heart on the foot, x-ray");
  // A word of two attributes counts for one.
  CHECK(words(Perturbation::opposite, "all", "two medium spots in two-chamber view") ==
        "one tiny spots in four-chamber view");
  CHECK(words(Perturbation::opposite, "quality", "medium spot of medium image quality") ==
        "medium spot of poor image quality");
  CHECK(error_of([] { words(Perturbation::location_missing, "all", ""); }).find("no words") !=
        std::string::npos);
}

TEST_CASE("a phrase that says where is left out, a position that says which is not") {
  auto const same = [](char const* sentence) { CHECK(without_location(sentence) == sentence); };
  CHECK(without_location("Inferior Vena Cava in the center of the image, oval in shape") ==
        "Inferior Vena Cava, oval in shape");
  CHECK(without_location("In the top left of the picture, a polyp.") == "A polyp.");
  CHECK(without_location("Two liver lesions at the top, left of the CT slice.") ==
        "Two liver lesions in the CT slice.");
  CHECK(without_location("polyp at the left side") == "polyp");
  CHECK(without_location("polyp situated in the bottom part of the image and on the right.") ==
        "polyp.");
  CHECK(without_location("in top") == "");
  CHECK(without_location("At the top of the lung, a spot.") == "In the lung, a spot.");
  CHECK(without_location("in top, at left, a spot at right, in bottom") == "a spot");
  CHECK(without_location("polyp in the left and right") == "polyp");
  CHECK(without_location("a polyp on the left and a polyp on the right") == "a polyp and a polyp");
  CHECK(without_location("a mass in the center which is round") == "a mass which is round");
  CHECK(without_location("a mass at the top with two folds") == "a mass with two folds");
  same("a nodule in the left and lower lung");
  same("nodule in the left lung");
  same("nodule in the left and right lung");
  same("left kidney");
  same("polyp at the topmost place");
  same("within left");
  same("");
  same("in the ");
}

TEST_CASE("a set of one's own is perturbed by words") {
  Rows rows = rows_of("p2", {"red polyp", "blue polyp", "polyp"});
  for (auto& row : rows) row.prompts["p1"] = {"polyp"};
  CHECK(find_prompt_source(rows, {}) == "words");
  CHECK(perturbable_attributes(rows, "p2") == std::vector<std::string>{"color"});
  auto const report = perturb(rows, {.attribute = "color", .level = "p2"});
  CHECK(report.source == "words");
  CHECK(report.rows == 3);
  CHECK(report.changed == 2);
  CHECK(rows[0].prompts.at("p2")[0] == "green polyp");
  CHECK(rows[1].prompts.at("p2")[0] == "orange polyp");
  CHECK(rows[2].prompts.at("p2")[0] == "polyp");
  CHECK(rows[0].prompts.at("p1")[0] == "polyp");
}

TEST_CASE("where no row changes, what could is said, and the rows stay") {
  Rows const rows = rows_of("p2", {"red polyp", "no polyp"});
  auto const error = [&](PerturbOptions const& options) {
    Rows changed = rows;
    std::string const text = error_of([&] { return perturb(changed, options); });
    CHECK(changed[0].prompts == rows[0].prompts);
    return text;
  };
  CHECK(error({.attribute = "size", .level = "p2"}) ==
        "no prompt of level p2 names size: the annotations: choose one of color");
  CHECK(
      says(error({.kind = Perturbation::location_missing, .level = "p2"}), "where the object is"));
  CHECK(says(error({.kind = Perturbation::overdescribed, .level = "p2"}), "would replace it"));
  CHECK(says(error({.kind = Perturbation::underdescribed, .level = "p2"}), "\"p1\""));
  CHECK(says(error({.level = "p3"}), "has no prompt \"p3\": the annotations: choose one of p2"));
  CHECK(says(error({.level = ""}), "has no prompt \"\""));
  Rows silent = rows_of("p0", {""});
  CHECK(says(error_of([&] { perturb(silent, {.level = "random"}); }), "has no prompt \"random\""));
  Rows drawn = rows;  // a level but p0, which these rows do not even have
  CHECK(perturb(drawn, {.attribute = "color", .level = "random"}).changed == 1);
  CHECK(says(error({.attribute = "mood", .level = "p2"}), "choose one of color, "));
  CHECK(says(error({.level = "p2", .source = {"brats"}}), "no data set of the study: brats"));
  CHECK(says(error({.attribute = "color", .level = "p2", .source = {"kvasir_polyp"}}),
             "no prompt of level p2 names color: the annotations: choose another level"));
  CHECK(says(error({.attribute = "shape", .level = "p2", .source = {"kvasir_polyp"}}),
             "the first is shape \"red\""));
  CHECK(says(error_of([] {
               Rows none;
               return perturb(none, {.level = "p2"});
             }),
             "no prompt of level p2"));
}

TEST_CASE("values without a counterpart stay and are counted, other sentences go by words") {
  Rows rows = rows_of("p3", {"mauve round polyp", "white round polyp", "a white lump", "no polyp"});
  auto const report = perturb(rows, {.attribute = "color", .level = "p3", .source = {"polyp"}});
  CHECK(report.changed == 2);
  CHECK(report.unknown == 1);
  CHECK(report.first_unknown == "color \"mauve\"");
  CHECK(report.by_words == 1);
  CHECK(rows[0].prompts.at("p3")[0] == "mauve round polyp");
  CHECK(rows[1].prompts.at("p3")[0] == "black round polyp");
  CHECK(rows[2].prompts.at("p3")[0] == "a black lump");
}

TEST_CASE("a few values without a counterpart do not hide whose templates they are of") {
  Rows rows = rows_of("p5", {"one small chartreuse squiggly polyp", "two small pink round polyp"});
  CHECK(find_prompt_source(rows, {}) == "polyp");
  auto const report = perturb(rows, {.attribute = "color", .level = "p5"});
  CHECK(report.changed == 1);
  CHECK(report.unknown == 1);
  CHECK(report.by_words == 0);
  CHECK(report.first_unknown == "color \"chartreuse\"");
  rows = rows_of("p5", {"twenty-one small pink round polyp"});
  CHECK(error_of([&] {
          perturb(rows, {.attribute = "number", .level = "p5"});
        }).find("the first is number \"twenty-one\"") != std::string::npos);
}

TEST_CASE("the report of a prepared folder says whose prompts they are") {
  TempDir const folder;
  Rows const rows = rows_of("p1", {"polyp"});
  auto const source = [&](std::string const& report) {
    write_file(folder / "report.json", report);
    return find_prompt_source(rows, {.folder = folder.path()});
  };
  CHECK(source(R"({"dataset": "busi"})") == "busi");
  CHECK(source(R"({"dataset": "folder"})") == "polyp");
  CHECK(source(R"({"dataset": 3})") == "polyp");
  CHECK(source(R"({"dataset": "busi", "prompts": "own"})") == "polyp");
  CHECK(source("{") == "polyp");
  CHECK(source("") == "polyp");
  CHECK(find_prompt_source(rows, {.dataset = "words", .folder = folder.path()}) == "words");
}

TEST_CASE("perturbations have names") {
  for (std::string_view const name : perturbation_names)
    CHECK(name_of(parse_perturbation(name)) == name);
  CHECK(
      says(error_of([] { return parse_perturbation("odd"); }), "choose one of uncommon, opposite"));
  CHECK(takes_attribute(Perturbation::contradictory));
  CHECK_FALSE(takes_attribute(Perturbation::location_missing));
}
