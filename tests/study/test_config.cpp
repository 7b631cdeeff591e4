// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "vlsm/study/cell.hpp"
#include "vlsm/study/config.hpp"

using namespace vlsm::study;
using vlsm::test::error_of;

namespace {

constexpr char const* small = R"({
  "name": "small",
  "models": ["clipseg-small", {"model": "unet-small", "label": "U-Net", "training": {"epochs": 3}}],
  "data": [{"name": "a", "path": "sets/a"}, "/sets/b/"],
  "pools": [{"name": "both", "sets": ["a", "b"], "prompts": ["random"]}],
  "prompts": ["p0", "p6"],
  "train": ["zero_shot", "fine_tuned"],
  "shares": [0.5, 100],
  "seeds": [1, 2],
  "tests": {"out_of_distribution": [["a", "b"]], "perturbations": ["opposite", "underdescribed"],
            "attributes": ["size", "all"]},
  "training": {"epochs": 20, "loss": "dice-ce"},
  "limits": {"train": 8}
})";

std::string wrong(std::string const& text) {
  return error_of([&] { read_config(text, "/base", "study.json"); });
}

/// The small config with a part replaced.
std::string with(std::string const& old, std::string const& other) {
  std::string text = small;
  std::size_t const at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), other);
}

std::vector<Cell> cells(Config const& config) {
  return cells_of(config, [](Model const& model) { return model.model != "unet-small"; });
}

}  // namespace

TEST_CASE("a config is read with its defaults and paths") {
  Config const config = read_config(small, "/base", "study.json");
  REQUIRE(config.models.size() == 2);
  CHECK(config.models[0].label == "clipseg-small");
  CHECK(config.models[1].label == "U-Net");
  CHECK(config.models[1].training.over(config.training).epochs == 3);
  CHECK(config.models[1].training.over(config.training).loss == "dice-ce");
  CHECK(config.data[0].path == "/base/sets/a");
  CHECK(config.data[1].name == "b");
  CHECK(config.limits.train == 8);
  CHECK(config.limits.test == 0);
  CHECK(config.tests.own);
  // What is written of it is read back as the same.
  std::string const text = to_json(config).dump();
  CHECK(to_json(read_config(text, "/elsewhere", "again")).dump() == text);
  // As editors write it.
  for (std::string const before : {"\n ", "\r\n", "\xef\xbb\xbf", "\xef\xbb\xbf\r\n"})
    CHECK(to_json(read_config(before + text, "/elsewhere", "again")).dump() == text);
}

TEST_CASE("everything that is wrong with a config is said at once") {
  std::string const error =
      wrong(R"({"modls": [], "models": ["clipseg"], "data": ["/d"], "prompts": ["p1"],
                "prompts": ["p1"], "training": {"epoch": 3, "loss": "dise", "batch": 0},
                "seeds": [-1], "shares": [0, 120], "train": ["zero-shot"]})");
  for (char const* part :
       {"unknown key \"modls\", did you mean \"models\"?", "the key \"prompts\" is there twice",
        "unknown key \"training.epoch\", did you mean \"epochs\"?",
        "\"training.loss\" is \"dise\", did you mean \"dice\"?", "\"training.batch\" is 0",
        "\"seeds[0]\" is -1, write a whole number from 0 on", "\"shares\" holds 0",
        "\"shares\" holds 120", "\"train\" is \"zero-shot\", did you mean \"zero_shot\"?"}) {
    CAPTURE(error);
    CAPTURE(part);
    CHECK(error.find(part) != std::string::npos);
  }
  CHECK(error.find('\n') == std::string::npos);
}

TEST_CASE("single mistakes of a config") {
  CHECK(wrong("") != "");
  CHECK(wrong("[]") != "");
  CHECK(wrong("{}").find("\"models\" is empty") != std::string::npos);
  for (auto const& [old, other, said] :
       {std::tuple{"\"p6\"", "\"p0\"", "\"prompts\" names a value twice"},
        {"\"name\": \"a\"", "\"name\": \"b\"", "two data sets are called \"b\""},
        {"\"U-Net\"", "\"clipseg-small\"", "two models are called \"clipseg-small\""},
        {"\"U-Net\"", "\"clipseg.small\"", "would share a folder"},
        {"[\"a\", \"b\"], \"prompts\"", "[\"a\", \"c\"], \"prompts\"", "names \"c\""},
        {"[[\"a\", \"b\"]]", "[[\"a\"]]", "no pair of names"},
        {"[[\"a\", \"b\"]]", "\"some\"", "write \"all\""},
        {"[[\"a\", \"b\"]]", "[[\"a\", \"a\"]]", "a pair of \"a\" with itself"},
        {"\"path\": \"sets/a\"", "\"path\": \"sets/a\", \"trained\": false",
         "begins a pair with \"a\", which is not to be trained on"},
        {"\"/sets/b/\"", "{\"path\": \"/sets/b\", \"trained\": false}",
         "\"pools.both.sets\" names \"b\", which is not to be trained on"},
        {"[\"a\", \"b\"], \"prompts\"", "[\"a\", \"b\"], \"also_tested_on\": [\"b\"], \"prompts\"",
         "names \"b\", which the pool is trained on"},
        {"\"name\": \"both\"", "\"name\": \"a\"", "a pool and a data set are both called \"a\""},
        {"\"epochs\": 20", "\"epochs\": 2.5", "\"training.epochs\" is 2.5, write a whole number"},
        {"\"epochs\": 20", "\"epochs\": \"20\"", "\"training.epochs\" is \"20\""},
        {"[1, 2]", "[1, 1]", "\"seeds\" names a value twice"},
        {"[1, 2]", "[]", "\"seeds\" is empty"},
        {"\"/sets/b/\"", "{\"path\": \"/sets/b\", \"test_splits\": []}",
         "\"b.test_splits\" is empty"},
        {"[\"size\", \"all\"]", "[\"all\", \"all\"]", "\"tests.attributes\" names a value twice"},
        {"\"models\": [\"clipseg-small\", ", "\"models\": [{\"label\": \"x\"}, ",
         "\"models[0].model\" is missing"},
        {"{\"train\": 8}", "{\"trane\": 8}", "did you mean \"train\"?"},
        {"{\"train\": 8}", "7", "is no object"}}) {
    std::string const error = wrong(with(old, other));
    CAPTURE(error);
    CHECK(error.find(said) != std::string::npos);
    CHECK(error.find("study.json") != std::string::npos);
  }
}

TEST_CASE("cells are models x sets x prompts x shares x seeds, and their names differ") {
  Config const config = read_config(small, "/base", "study.json");
  auto const all = cells(config);
  // clipseg-small: 2 sets x 2 levels x (1 zero-shot + 2 shares x 2 seeds) + a pool x 1 level x 4;
  // unet-small reads no prompt: 2 sets x 5 + 4.
  CHECK(all.size() == 2 * 2 * 5 + 4 + 2 * 5 + 4);
  std::vector<std::string> ids;
  for (Cell const& cell : all) ids.push_back(cell.id);
  std::ranges::sort(ids);
  CHECK(std::ranges::adjacent_find(ids) == ids.end());
  CHECK(std::ranges::count(ids, "clipseg-small.a.p6.fine0-5.s2") == 1);
  CHECK(std::ranges::count(ids, "U-Net.b.none.zero.s1") == 1);
  CHECK(std::ranges::count(ids, "clipseg-small.both.random.fine100.s1") == 1);
}

TEST_CASE("what a cell is tested on") {
  Config const config = read_config(small, "/base", "study.json");
  for (Cell const& cell : cells(config)) {
    std::size_t perturbed = 0, elsewhere = 0, pooled = 0, own = 0;
    for (Test const& test : cell.tests) {
      perturbed += test.purpose == Purpose::perturbed;
      elsewhere += test.purpose == Purpose::out_of_distribution;
      pooled += test.purpose == Purpose::pooled;
      own += test.purpose == Purpose::own;
    }
    CAPTURE(cell.id);
    bool const reads = config.models[cell.model].label != "U-Net";
    bool const pool = cell.subject == "both";
    CHECK(own == (pool ? 0 : 1));
    CHECK(pooled == (pool ? 2 : 0));
    // opposite x (size, all), and underdescribed once; tests that change nothing are left out later
    CHECK(perturbed == (reads && !pool ? 3 : 0));
    CHECK(elsewhere == (cell.subject == "a" && !cell.zero_shot() ? 1 : 0));
  }
}

TEST_CASE("parts of the cells are disjoint and whole") {
  CHECK(parse_part("").count == 1);
  std::vector<int> met(17);
  for (int k = 1; k <= 5; ++k) {
    Part const part = parse_part(std::to_string(k) + "/5");
    for (std::size_t i = 0; i < met.size(); ++i) met[i] += part.has(i);
  }
  CHECK(std::ranges::all_of(met, [](int count) { return count == 1; }));
  for (char const* text : {"0/4", "5/4", "1/0", "a/b", "1/4x", "1", "/", "-1/4", "1/", "1 /4"})
    CHECK(error_of([&] { parse_part(text); }).find("write K/N") != std::string::npos);
}
