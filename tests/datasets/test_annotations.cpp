// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "vlsm/data/annotations.hpp"

using namespace vlsm::test;

namespace {

std::vector<vlsm::Annotation> read(std::string const& json) {
  TempDir const folder;
  write_file(folder / "test.json", json);
  return vlsm::read_annotations(folder / "test.json");
}

/// A file of one row; the names and prompts are JSON.
std::string row(std::string const& image, std::string const& mask = R"("m.png")",
                std::string const& prompts = R"({"p0": ""})") {
  return R"([{"img_name": )" + image + R"(, "mask_name": )" + mask + R"(, "prompts": )" + prompts +
         "}]";
}

}  // namespace

TEST_CASE("annotations: rows are read with their prompts and other fields are ignored") {
  auto const rows = read(
      R"([{"img_name": "a/b.png", "mask_name": "m.png", "bbox": [1, 2, 3, 4], "prompts": {"p0": "", "p6": ["one polyp", "a polyp"], "p10": "Größe"}}, )" +
      row(R"("..a.png")").substr(1));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].image == "a/b.png");
  CHECK(rows[0].mask == "m.png");
  CHECK(rows[0].prompts.at("p0") == std::vector<std::string>{""});
  CHECK(rows[0].prompts.at("p6") == std::vector<std::string>{"one polyp", "a polyp"});
  CHECK(rows[0].prompts.at("p10") == std::vector<std::string>{"Größe"});
  CHECK(rows[1].image == "..a.png");
  CHECK(read("[]").empty());
  CHECK(read("\xef\xbb\xbf[]").empty());
}

TEST_CASE("annotations: a file that is not there or no JSON list is told") {
  TempDir const folder;
  CHECK_ERROR(vlsm::read_annotations(folder / "missing.json"), "missing.json");
  CHECK_ERROR(vlsm::read_annotations(folder.path()), "cannot be read");
  CHECK_ERROR(vlsm::read_annotations(std::string(5000, 'x')), "cannot be read");
  for (std::string broken :
       {"", "{", "[1,", "[]]", "nonsense", "[\"\xff\"]", "[\"\\ud800\"]", "\xff\xfe[\0]\0"})
    CHECK_ERROR(read(broken), "not valid JSON");
  for (std::string other : {"{}", "3", "null", "\"text\""})
    CHECK_ERROR(read(other), "no JSON list");
}

TEST_CASE("annotations: a number that overflows is told") {
  CHECK_ERROR(read(R"([{"img_name": 777777e060973661}])"), "the JSON text cannot be read");
}

TEST_CASE("annotations: the long name of a level is cut in a message") {
  try {
    read(row(R"("a.png")", R"("m.png")", "{\"" + std::string(5000, 'p') + "\": 3}"));
    FAIL("a prompt that is no text was read");
  } catch (vlsm::Error const& error) {
    CHECK(std::string(error.what()).size() < 500);
  }
}

TEST_CASE("annotations: deep nesting and long tokens end in one short line") {
  std::string const deep(200'000, '[');
  CHECK_ERROR(read(deep), "nested too deeply");
  CHECK_ERROR(read(deep + std::string(200'000, ']')), "nested too deeply");
  std::string message;
  try {
    read("[\"" + std::string(1'000'000, 'x'));
  } catch (vlsm::Error const& error) {
    message = error.what();
  }
  CHECK(message.size() > 20);
  CHECK(message.size() < 500);
}

TEST_CASE("annotations: rows without their fields are told with their number") {
  for (std::string other : {"[3]", "[null]", "[[]]", "[\"text\"]"})
    CHECK_ERROR(read(other), "row 0");
  CHECK_ERROR(read("[{}]"), "img_name");
  CHECK_ERROR(read(R"([{"img_name": "a.png"}])"), "mask_name");
  CHECK_ERROR(read(R"([{"img_name": "a.png", "mask_name": "b.png"}])"), "prompts");
  CHECK_ERROR(read(row("3")), "img_name");
  CHECK_ERROR(read(row("null")), "img_name");
  CHECK_ERROR(read(row(R"("a.png")", R"(["m.png"])")), "mask_name");
  CHECK_ERROR(read("[" + row(R"("a.png")").substr(1, row(R"("a.png")").size() - 2) + ", {}]"),
              "row 1");
}

TEST_CASE("annotations: names that leave the folder are refused") {
  for (std::string name :
       {"../a.png", "a/../../b.png", "a/..", "..", "/etc/passwd", "", "a\\u0000b"}) {
    CHECK_ERROR(read(row("\"" + name + "\"")), "leaves the data set's folder");
    CHECK_ERROR(read(row(R"("a.png")", "\"" + name + "\"")), "leaves the data set's folder");
  }
}

TEST_CASE("annotations: prompts of other types are refused with their level") {
  for (std::string prompts : {"[]", "3", "\"text\"", "null"})
    CHECK_ERROR(read(row(R"("a.png")", R"("m.png")", prompts)), "prompts");
  for (std::string value : {"3", "null", "{}", "[3]", "[\"a\", null]", "[[\"a\"]]", "true", "[]"})
    CHECK_ERROR(read(row(R"("a.png")", R"("m.png")", R"({"p6": )" + value + "}")), "prompt p6");
}
