// SPDX-License-Identifier: MIT
#include <filesystem>

#include "support/pictures.hpp"
#include "tool/run_tool.hpp"
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
  check_failed(run_tool("prompts --dataset spots --images " + set.word("own/images") + "--masks " +
                        set.word("own/masks") + "--out " + set.word("b.json")),
               1, "--prompts");
}
