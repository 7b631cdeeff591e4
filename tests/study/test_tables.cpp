// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <string>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "vlsm/study/names.hpp"
#include "vlsm/study/published.hpp"
#include "vlsm/study/result.hpp"
#include "vlsm/study/series.hpp"
#include "vlsm/study/short_tables.hpp"
#include "vlsm/study/tables.hpp"

using namespace vlsm::study;
using namespace vlsm::test;

namespace {

TestResult test_of(Purpose purpose, std::string const& set, std::vector<double> const& dice,
                   std::string const& prompt = "a large polyp") {
  TestResult result{.test = {purpose, set, "test", {}, {}}, .rows = {}};
  for (std::size_t i = 0; i < dice.size(); ++i)
    result.rows.push_back({"m" + std::to_string(i),
                           prompt,
                           i % 2 ? "malignant" : "benign",
                           {dice[i], dice[i] / (2 - dice[i]), 10 * (1 - dice[i])},
                           {dice[i], dice[i], 20 * (1 - dice[i])}});
  return result;
}

CellResult cell_of(std::string const& label, std::string const& set, std::uint64_t seed,
                   std::vector<TestResult> tests) {
  return {.id = label + "." + set + ".p1.fine100.s" + std::to_string(seed),
          .label = label,
          .model = label == "A" ? "cris" : "biomedclipseg",
          .pretraining = label == "A" ? "natural" : "medical",
          .subject = set,
          .trained_on = {set},
          .prompt = "p1",
          .seed = seed,
          .training = TrainingResult{5, 3, 0.75},
          .tests = std::move(tests)};
}

std::string cell(vlsm::report::Table const& table, std::size_t row, std::string const& column) {
  auto const found = std::ranges::find(table.headers, column);
  REQUIRE(found != table.headers.end());
  REQUIRE(row < table.rows.size());
  REQUIRE(table.rows[row].size() == table.headers.size());
  return table.rows[row][static_cast<std::size_t>(found - table.headers.begin())];
}

vlsm::report::Table table_of(std::vector<CellResult> const& results, std::string const& name) {
  for (NamedTable& table : tables_of(results))
    if (table.name == name) return table.table;
  FAIL("no table ", name);
  return {};
}

}  // namespace

TEST_CASE("scores are averaged over seeds, then over pictures") {
  std::vector const results{
      cell_of("A", "busi", 0, {test_of(Purpose::own, "busi", {0.2, 0.4, 0.6, 0.8})}),
      cell_of("A", "busi", 1, {test_of(Purpose::own, "busi", {0.4, 0.4, 0.6, 1.0})})};
  auto const prompts = table_of(results, "prompts");
  REQUIRE(prompts.rows.size() == 1);
  CHECK(cell(prompts, 0, "seeds") == "2");
  CHECK(cell(prompts, 0, "n") == "4");
  CHECK(cell(prompts, 0, "dice") == "0.5500");
  CHECK(cell(prompts, 0, "dice_seed_std") == "0.0500");
  CHECK(cell(prompts, 0, "hd95") == "4.50");
  CHECK(cell(prompts, 0, "hd95_picture") == "9.00");
  double const low = std::stod(cell(prompts, 0, "dice_low")),
               high = std::stod(cell(prompts, 0, "dice_high"));
  CHECK(low >= 0.3);  // no mean of four of 0.3, 0.4, 0.6, 0.9 is smaller
  CHECK(low < 0.45);
  CHECK(high > 0.65);
  CHECK(high <= 0.9);
  CHECK(cell(prompts, 0, "published_dice") == "0.6931");  // CRIS on BUSI
  auto const classes = table_of(results, "classes");
  REQUIRE(classes.rows.size() == 2);
  CHECK(cell(classes, 0, "class") == "benign");
  CHECK(cell(classes, 0, "dice") == "0.4500");
  CHECK(cell(classes, 1, "dice") == "0.6500");
}

TEST_CASE("a distance that does not exist is left out, and all of them leave an empty cell") {
  auto one = test_of(Purpose::own, "busi", {0.5, 0.5});
  one.rows[0].model.hd95 = std::nan("");
  auto const some = table_of({cell_of("A", "busi", 0, {one})}, "prompts");
  CHECK(cell(some, 0, "hd95") == "5.00");
  CHECK(cell(some, 0, "hd95_n") == "1");
  one.rows[1].model.hd95 = std::nan("");
  auto const none = table_of({cell_of("A", "busi", 0, {one})}, "prompts");
  CHECK(cell(none, 0, "hd95") == "");
  CHECK(cell(none, 0, "hd95_n") == "0");
}

TEST_CASE("models are compared picture by picture") {
  std::vector<double> better, worse;
  for (int i = 0; i < 12; ++i) {
    better.push_back(0.5 + 0.03 * i);
    worse.push_back(0.4 + 0.029 * i);
  }
  std::vector const results{cell_of("A", "busi", 0, {test_of(Purpose::own, "busi", better)}),
                            cell_of("B", "busi", 0, {test_of(Purpose::own, "busi", worse)})};
  auto const table = table_of(results, "pretraining");
  REQUIRE(table.rows.size() == 1);
  CHECK(cell(table, 0, "first") == "natural");
  CHECK(cell(table, 0, "second_model") == "B");
  CHECK(cell(table, 0, "difference") == "0.1055");
  // All twelve differences have one sign: 2 / 2^12.
  CHECK(cell(table, 0, "p") == "0.0005");
  CHECK(cell(table, 0, "p_holm") == "0.0005");
  CHECK(table_of(results, "models").rows.size() == 1);
}

TEST_CASE("a perturbation is measured on the rows whose words it changed") {
  auto perturbed = test_of(Purpose::perturbed, "busi", {0.1, 0.2, 0.9, 0.9}, "a small polyp");
  perturbed.test.perturbation = "opposite";
  perturbed.test.attribute = "size";
  perturbed.rows[2].prompt = perturbed.rows[3].prompt = "a large polyp";  // named no size
  std::vector const results{
      cell_of("A", "busi", 0, {test_of(Purpose::own, "busi", {0.5, 0.6, 0.3, 0.3}), perturbed})};
  auto const table = table_of(results, "perturbation");
  REQUIRE(table.rows.size() == 1);
  CHECK(cell(table, 0, "n") == "2");
  CHECK(cell(table, 0, "dice_right") == "0.5500");
  CHECK(cell(table, 0, "dice_perturbed") == "0.1500");
  CHECK(cell(table, 0, "drop") == "0.4000");
}

TEST_CASE("other sets stand beside what training there gives") {
  auto pooled = cell_of("A", "both", 0,
                        {test_of(Purpose::pooled, "busi", {0.7, 0.7}),
                         test_of(Purpose::out_of_distribution, "dfu", {0.3, 0.3})});
  pooled.trained_on = {"busi", "isic"};
  std::vector const results{
      cell_of("A", "busi", 0, {test_of(Purpose::own, "busi", {0.6, 0.6})}),
      cell_of("A", "isic", 0, {test_of(Purpose::out_of_distribution, "busi", {0.4, 0.4})}), pooled};
  auto const ood = table_of(results, "ood");
  REQUIRE(ood.rows.size() == 2);  // the second is the pool's, which no other table has
  CHECK(cell(ood, 1, "trained_on") == "both");
  CHECK(cell(ood, 0, "trained_on") == "isic");
  CHECK(cell(ood, 0, "dice_own_set") == "");  // isic itself is not tested here
  CHECK(cell(ood, 0, "dice_trained_there") == "0.6000");
  CHECK(cell(ood, 0, "drop") == "0.2000");
  auto const table = table_of(results, "pooled");
  REQUIRE(table.rows.size() == 1);
  CHECK(cell(table, 0, "gain") == "0.1000");
}

TEST_CASE("splits of a set stand beside the same split, and a set of two counts once") {
  auto const of_split = [](Purpose purpose, std::string const& set, std::string const& split,
                           double dice) {
    TestResult result = test_of(purpose, set, {dice, dice});
    result.test.split = split;
    return result;
  };
  std::vector results{cell_of(
      "A", "busi", 0,
      {of_split(Purpose::own, "busi", "val", 0.9), of_split(Purpose::own, "busi", "test", 0.5),
       of_split(Purpose::out_of_distribution, "isic", "test", 0.4),
       of_split(Purpose::out_of_distribution, "dfu", "testB", 0.3)})};
  auto const ood = table_of(results, "ood");
  REQUIRE(ood.rows.size() == 2);
  for (std::size_t row : {0, 1})
    CHECK(cell(ood, row, "dice_own_set") ==
          (cell(ood, row, "tested_on") == "isic" ? "0.5000" : "0.9000"));
  CHECK(table_of(results, "prompts").rows.size() == 2);  // no mean of one set
  results.push_back(cell_of("A", "isic", 0, {of_split(Purpose::own, "isic", "test", 0.1)}));
  auto const prompts = table_of(results, "prompts");
  REQUIRE(prompts.rows.size() == 4);
  CHECK(cell(prompts, 3, "data") == "mean of 2 means");
  CHECK(cell(prompts, 3, "dice") == "0.4000");  // of 0.7 and 0.1
}

TEST_CASE("short tables tell apart what a study tells apart, and nothing else") {
  auto zero = cell_of("A", "busi", 0, {test_of(Purpose::own, "busi", {0.2, 0.2})});
  zero.trained_on.clear();
  std::vector<CellResult> results{
      zero, cell_of("A", "busi", 0, {test_of(Purpose::own, "busi", {0.6, 0.6})}),
      cell_of("B", "busi", 0, {test_of(Purpose::own, "busi", {0.5, 0.5})}),
      cell_of("B", "isic", 0, {test_of(Purpose::own, "isic", {0.5, 0.5})})};
  results.push_back(results[2]);
  results.back().trained_on.clear();  // the other model, zero-shot
  std::string text;
  for (NamedTable const& table : tables_of(results))
    for (auto const& one : short_tables(table)) text += to_markdown(one);
  CHECK(text.find("| A (natural) | B (medical) |") != std::string::npos);
  CHECK(text.find("| A, zero-shot (natural) | B, zero-shot (medical) |") != std::string::npos);
  CHECK(text.find("| mean of 2 means | B |") != std::string::npos);
  CHECK(text.find("busi, test") == std::string::npos);  // there is one split
  results[0].tests[0].test.split = "val";
  text.clear();
  for (NamedTable const& table : tables_of(results))
    for (auto const& one : short_tables(table)) text += to_markdown(one);
  CHECK(text.find("busi, val") != std::string::npos);
}

TEST_CASE("short tables have the numbers of the long ones, rounded once") {
  std::vector<CellResult> const results{
      cell_of("A", "busi", 0, {test_of(Purpose::own, "busi", {0.84346, 0.84346})})};
  CHECK(cell(table_of(results, "prompts"), 0, "dice") == "0.8435");
  for (NamedTable const& table : tables_of(results))
    if (table.name == "prompts") {
      std::string const text = to_markdown(short_tables(table)[0]);
      CHECK(text.find("| 0.8435 (0.8435 to 0.8435) |") != std::string::npos);
    }
  CHECK(cell(table_of(results, "prompts"), 0, "dice_seed_std") == "");  // of one seed
}

TEST_CASE("tables of nothing have headers and no rows") {
  auto const tables = tables_of({});
  CHECK(tables.size() == 7);
  for (NamedTable const& table : tables) {
    CHECK(!table.table.headers.empty());
    CHECK(table.table.rows.empty());
  }
}

TEST_CASE("cells that read other files under one name stand in no table together") {
  auto one = cell_of("A", "busi", 0, {test_of(Purpose::own, "busi", {0.25, 1.0})}),
       other = cell_of("B", "busi", 1, {test_of(Purpose::own, "busi", {0.5, 0.5})});
  one.read = {{"weights", "1"}, {"busi, test", "2"}};
  other.read = {{"weights", "3"}, {"busi, test", "2"}};  // of another model
  CHECK(series_of({one, other}).size() == 2);
  other.label = "A";
  CHECK(says(error_of([&] { return series_of({one, other}); }), "the weights of A"));
  other.read = {{"weights", "1"}, {"busi, test", "4"}};
  std::string const error = error_of([&] { return series_of({one, other}); });
  CHECK(says(error, "busi, test: other files than in the cell " + one.id));
  CHECK(says(error, other.id));
  other.read.clear();  // of an older version
  CHECK(series_of({one, other}).size() == 1);
}

TEST_CASE("results go through their file") {
  auto result = cell_of("A", "busi", 7, {test_of(Purpose::own, "busi", {0.25, 1.0})});
  result.read = {{"busi, test", "0123"}};
  result.tests[0].rows[1].model.hd95 = std::nan("");
  result.tests[0].rows[0].prompt = "a \"large\"\n\xff polyp";
  TempDir const folder;
  auto const file = folder.path() / "metrics.json";
  std::string const text = to_text(result);
  write_file(file, text);
  CellResult const read = read_result(file);
  result.tests[0].rows[0].prompt = "a \"large\"\n\ufffd polyp";  // as it was written
  CHECK(to_text(read) == to_text(result));
  CHECK(read.seed == 7);
  CHECK(read.read.at("busi, test") == "0123");
  CHECK(read.training->best_epoch == 3);
  CHECK(std::isnan(read.tests[0].rows[1].model.hd95));
  CHECK(read.tests[0].rows[1].row_class == "malignant");
  CHECK(text.find("\"hd95_n\": 1") != std::string::npos);
  for (std::string const& damaged : std::vector{text.substr(0, text.size() / 2), std::string("{}"),
                                                std::string(), std::string("{\"cell\": 3}")}) {
    write_file(file, damaged);
    CHECK(says(error_of([&] { return read_result(file); }), "remove the cell's folder"));
  }
}

TEST_CASE("tables as CSV, Markdown and LaTeX") {
  vlsm::report::Table const table{.title = "A & B",
                                  .headers = {"name", "n"},
                                  .rows = {{"a,\"b\"|c_d", "1.5"}, {"100 %", "-2"}},
                                  .note = "one"};
  CHECK(to_csv(table) == "name,n\n\"a,\"\"b\"\"|c_d\",1.5\n100 %,-2\n");
  CHECK(to_markdown(table) ==
        "### A & B\n\n| name | n |\n| --- | --- |\n| a,\"b\"\\|c_d | 1.5 |\n| 100 % | -2 "
        "|\n\none\n");
  std::string const latex = to_latex(table);
  CHECK(latex.find("\\caption{A \\& B. one}") != std::string::npos);
  CHECK(latex.find("{lr}") != std::string::npos);
  CHECK(latex.find("a,\"b\"$|$c\\_d & 1.5 \\\\") != std::string::npos);
  CHECK(latex.find("100 \\% & -2") != std::string::npos);
  CHECK(vlsm::report::decimals(-0.00004) == "0.0000");
  CHECK(vlsm::report::decimals(std::nan("")) == "");
}

TEST_CASE("published numbers are found by what was trained and tested") {
  CHECK(published_dice("cris", "kvasir_polyp", "kvasir_polyp") == 91.39);
  CHECK(published_dice("cris", "clinicdb_polyp", "kvasir_polyp") == 82.66);
  CHECK(published_dice("unet", "pooled", "cvc300_polyp") == 4.94);
  CHECK(published_dice("deeplabv3plus", "endoscopy_pooled", "etis_polyp") == 65.24);
  CHECK(!published_dice("biomedclipseg", "busi", "busi"));
  CHECK(!published_dice("cris", "busi", "kvasir_polyp"));
  CHECK(!published_dice("cris", "endoscopy_pooled", "isic"));
}

TEST_CASE("classes of rows by their names") {
  CHECK(class_of_names("17_benign.png", "17_benign.png") == "benign");
  CHECK(class_of_names("p_frontal.jpg", "p_frontal_pleural_effusion.png") == "pleural_effusion");
  CHECK(class_of_names("patient0001_2CH_ED.png", "mask_2/patient0001_2CH_ED_gt.png") == "mask_2");
  CHECK(class_of_names("cju0.jpg", "cju0.jpg") == "");
  CHECK(class_of_names("a_1.png", "a_1.png") == "");
}
