// SPDX-License-Identifier: MIT
#include <filesystem>

#include "support/pictures.hpp"
#include "tool/run_tool.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"

using namespace vlsm::test;
namespace fs = std::filesystem;

namespace {

/// Six pictures of one's own; the last two are one file.
struct OwnSet : TempDir {
  OwnSet() {
    for (char const* folder : {"own/images", "own/masks"}) fs::create_directories(*this / folder);
    for (int i = 0; i < 6; ++i) {
      std::string const name = "p" + std::to_string(i) + ".png";
      vlsm::Mask mask = xt::zeros<std::uint8_t>({30, 40});
      for (std::size_t y = 4; y < 12; ++y)
        for (std::size_t x = 3; x < 10; ++x) mask(y, x + static_cast<std::size_t>(i)) = 255;
      vlsm::write_png(*this / "own/masks" / name, mask);
      write_file(*this / "own/images" / name,
                 plain_png(40, 30, static_cast<char>(25 * std::min(i, 4))));
    }
    write_file(*this / "table.json", R"({"like": "kvasir_polyp", "values": {"target": "spot"}})");
  }
  std::string word(char const* name) const { return as_word(*this / name) + " "; }
};

}  // namespace

TEST_CASE("data prepare: a set of one's own, its report, and the same eyes on what was written") {
  OwnSet const set;
  Outcome const run =
      run_tool("data prepare --dataset folder " + set.word("own") + set.word("out") + "--prompts " +
               set.word("table.json") + "--split 2,1,1");
  check_done(run);
  CHECK(run.out.find("identical pictures") != std::string::npos);
  CHECK(run.out.find("{color}, {shape}") != std::string::npos);
  CHECK(files_in(set / "out/anns") ==
        std::vector<std::string>{"test.json", "train.json", "val.json"});
  CHECK(read_file(set / "out/anns/train.json").find("\"spot\"") != std::string::npos);
  Outcome const check = run_tool("data check --json " + set.word("out"));
  check_done(check);
  CHECK(json_lines(check.out).at(0).at("images") == 6);
}

TEST_CASE("data prepare: what is wrong with the command or the folder") {
  OwnSet const set;
  check_failed(run_tool("data"), 2, "subcommand");
  check_failed(run_tool("data prepare --dataset lungs a b"), 2, "lungs");
  check_failed(run_tool("data prepare --dataset busi " + set.word("own") + set.word("out")), 1,
               "Dataset_BUSI_with_GT");
  // The second is 80,10,10 for whoever counts modulo 2^32.
  for (std::string const split : {"1,2", "4294967376,10,10", "1,2,3x", "1,,2", "0,0,0"})
    check_failed(run_tool("data prepare --dataset folder " + set.word("own") + set.word("out") +
                          "--split " + split),
                 1, "--split " + split);
  for (std::string const option : {"--images images", "--mask-value 1", "--label 1"})
    check_failed(
        run_tool("data prepare --dataset busi " + set.word("own") + set.word("out") + option), 1,
        "option of one's own files");
  CHECK(!fs::exists(set / "out/anns"));
}

TEST_CASE("prompts: a list and a page that shows it") {
  OwnSet const set;
  Outcome const run =
      run_tool("prompts --dataset spots --prompts " + set.word("table.json") + "--images " +
               set.word("own/images") + "--masks " + set.word("own/masks") + "--out " +
               set.word("all.json") + "--show 2");
  check_done(run);
  CHECK(nlohmann::json::parse(read_file(set / "all.json")).size() == 6);
  std::string const page = read_file(set / "all.html");
  CHECK(page.find("p1.png") != std::string::npos);
  CHECK(page.find("p2.png") == std::string::npos);
  CHECK(page.find("position: top left") != std::string::npos);
  std::string const again = "prompts --dataset spots --prompts " + set.word("table.json") +
                            "--images " + set.word("own/images") + "--masks " +
                            set.word("own/masks") + "--out " + set.word("all.json") + "--show 1";
  check_done(run_tool(again));  // its own page gives way
  std::string const report = "<title>Report of a study</title> Made with vlsm";
  for (std::string const& other : {std::string("notes"), report}) {
    write_file(set / "all.html", other);
    check_failed(run_tool(again), 1, "this file would be lost, and is no page of its own");
    CHECK(read_file(set / "all.html") == other);
  }
  check_failed(run_tool("prompts --dataset spots --images " + set.word("own/images") + "--masks " +
                        set.word("own/masks") + "--out " + set.word("b.json")),
               1, "--prompts");
}

TEST_CASE("prompts: what is read stays, a mask of 0 and 1 is shown, names are taken as a whole") {
  OwnSet const set;
  std::string const of_set = "prompts --dataset spots --images " + set.word("own/images");
  std::string const whole = of_set + "--masks " + set.word("own/masks");
  std::string const table = "--prompts " + set.word("table.json");
  std::string const kept = read_file(set / "own/images/p0.png");
  auto const loses = [&](std::string const& more, std::string const& words) {
    check_failed(run_tool(whole + table + more), 1, words);
  };
  loses("--out " + set.word("table.json"), "is read, and would be lost");
  loses("--out " + set.word("own/images/p0.png"), "is read, and would be lost");
  loses("--out " + set.word("own/masks/../images/p0.png"), "is read, and would be lost");
  loses("--show 1 --out " + set.word("all.json") + "--page " + set.word("table.json"),
        "is read, and would be lost");
  loses("--show 1 --out " + set.word("all.html"), "are one file");
  loses("--show 1 --out " + set.word("all.json") + "--page " + set.word("no/page.html"), "no/page");
  CHECK(!fs::exists(set / "all.json"));
  CHECK(read_file(set / "own/images/p0.png") == kept);

  auto const page_of = [&] {
    check_done(run_tool(whole + table + "--show 6 --out " + set.word("all.json")));
    return read_file(set / "all.html");
  };
  std::string const page = page_of();
  for (auto const& file : fs::directory_iterator(set / "own/masks")) {
    vlsm::Mask mask = vlsm::read_mask(file.path());
    for (auto& level : mask) level = level == 255;
    vlsm::write_png(file.path(), mask);
  }
  CHECK(page_of() == page);

  check_failed(run_tool(of_set + "--masks " + set.word("own/images") + table + "--out " +
                        set.word("b.json")),
               1, "one folder");
  fs::rename(set / "own/masks/p1.png", set / "own/masks/p12.png");
  loses("--out " + set.word("b.json"), "no picture's name begins this mask's");
  fs::rename(set / "own/masks/p12.png", set / "own/masks/p1_b.png");
  check_done(run_tool(whole + table + "--out " + set.word("b.json")));
  fs::copy(set / "own/images/p0.png", set / "own/images/p0.jpg");
  loses("--out " + set.word("b.json"), "differ in their ending alone");
}
