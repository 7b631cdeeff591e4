// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "tool/small_study.hpp"
#include "vlsm/base/file/file_lock.hpp"

// What a run's folder is kept from, and as what a run goes on.
using namespace vlsm::test;

TEST_CASE("a run is neither overwritten nor continued as another") {
  Study const study;
  check_failed(run_tool(study.finetune() + "--resume"), 1, "no run to resume");
  CHECK(!std::filesystem::exists(study / "run"));
  check_done(run_tool(study.finetune() + "--epochs 1"));
  std::string const last = study.file("run/last.safetensors"),
                    best = study.file("run/best.safetensors"), log = study.file("run/log.csv");
  auto const files = files_in(study / "run");
  check_failed(run_tool(study.finetune() + "--epochs 1"), 1, "there is a run already");
  for (auto const& [option, words] :
       std::vector<std::pair<std::string, std::string>>{{"--lr 0.5", "lr"},
                                                        {"--seed 8", "seed"},
                                                        {"--loss dice-ce", "loss"},
                                                        {"--schedule cosine", "schedule"},
                                                        {"--train decoder", "train"},
                                                        {"--precision bf16", "precision"}})
    check_failed(run_tool(study.finetune() + "--epochs 2 --resume " + option), 1,
                 "begun with " + words);
  std::string const config = study.file("run/config.json");
  for (std::string broken : {"", "{", "[]", "3", "null"}) {
    write_file(study / "run/config.json", broken);
    check_failed(run_tool(study.finetune() + "--epochs 2 --resume"), 1, "config.json");
  }
  std::filesystem::remove(study / "run/config.json");
  check_failed(run_tool(study.finetune() + "--epochs 2 --resume"), 1, "config.json");
  write_file(study / "run/config.json", config);
  for (std::string damaged :
       {last.substr(0, 4), last.substr(0, 100), last.substr(0, last.size() - 1), std::string(),
        best, "\xff" + last.substr(1)}) {
    write_file(study / "run/last.safetensors", damaged);
    check_failed(run_tool(study.finetune() + "--epochs 2 --resume"), 1, "last.safetensors");
  }
  CHECK(study.file("run/best.safetensors") == best);
  CHECK(study.file("run/log.csv") == log);
  CHECK(files_in(study / "run") == files);
  // As a kill leaves it between the two files of the first epoch; or before either.
  std::filesystem::remove(study / "run/last.safetensors");
  check_failed(run_tool(study.finetune() + "--epochs 1"), 1, "in its first epoch");
  CHECK(study.file("run/best.safetensors") == best);
  Outcome const again = run_tool(study.finetune() + "--epochs 1 --resume");
  check_done(again);
  CHECK(again.err.find("begins again") != std::string::npos);
  CHECK(study.file("run/best.safetensors") == best);
  for (char const* file : {"last.safetensors", "best.safetensors", "log.csv"})
    std::filesystem::remove(study / "run" / file);
  check_failed(run_tool(study.finetune() + "--epochs 1 --resume --seed 8"), 1, "begun with seed");
  check_done(run_tool(study.finetune() + "--epochs 2 --resume"));
  CHECK(study.log().size() == 3);
  // A state that is gone after more epochs is no beginning.
  std::filesystem::remove(study / "run/last.safetensors");
  std::string const kept = study.file("run/best.safetensors");
  check_failed(run_tool(study.finetune() + "--epochs 3"), 1, "best weights");
  check_failed(run_tool(study.finetune() + "--epochs 3 --resume"), 1, "is gone");
  CHECK(study.file("run/best.safetensors") == kept);
}

TEST_CASE("a run goes on wherever its data and the weights that it began from are") {
  Study const study;
  check_done(run_tool(study.finetune("first") + "--epochs 1"));
  std::string const from = "--train decoder --weights ";
  check_done(run_tool(study.finetune() + "--epochs 1 " + from +
                      as_word(study / "first/best.safetensors")));
  check_done(run_tool(study.finetune("unbroken") + "--epochs 2 " + from +
                      as_word(study / "first/best.safetensors")));
  std::filesystem::rename(study / "data", study / "moved");
  std::filesystem::rename(study / "first", study / "gone");
  std::string command = study.finetune();
  std::string const data = as_word(study / "data");
  command.replace(command.find(data), data.size(), as_word(study / "moved"));
  Outcome const run = run_tool(command + "--epochs 2 --resume");  // no --train, no --weights
  check_done(run);
  CHECK(run.err.find("may have moved") != std::string::npos);
  CHECK(study.file("run/best.safetensors") == study.file("unbroken/best.safetensors"));
  Outcome const more =
      run_tool(command + "--epochs 3 --resume " + from + as_word(study / "first/best.safetensors"));
  check_done(more);
  CHECK(more.err.find("not needed") != std::string::npos);
  check_failed(run_tool(command + "--epochs 4 --resume --pass 2"), 1, "begun without pass");
  // Whatever now lies where its weights were is not read.
  std::filesystem::create_directories(study / "first");
  for (char const* file : {"a.pt", "b.pt"}) write_file(study / "first" / file, "text");
  Outcome const other =
      run_tool(command + "--epochs 4 --resume --weights " + as_word(study / "first"));
  check_done(other);
  CHECK(other.err.find("goes on from what it has kept") != std::string::npos);
}

TEST_CASE("a run that kept no epoch begins again from the weights that it began from") {
  Study const study;
  check_done(run_tool(study.finetune("first") + "--epochs 1"));
  std::string const weights = " --weights " + as_word(study / "first/best.safetensors");
  check_done(run_tool(study.finetune() + "--epochs 1" + weights));
  std::string const best = study.file("run/best.safetensors"),
                    config = study.file("run/config.json");
  for (std::string const& again : {std::string(), weights}) {
    for (char const* file : {"last.safetensors", "best.safetensors", "log.csv"})
      std::filesystem::remove(study / "run" / file);  // as a kill in the first epoch leaves it
    check_done(run_tool(study.finetune() + "--epochs 1 --resume" + again));
    CHECK(study.file("run/best.safetensors") == best);
    CHECK(study.file("run/config.json") == config);
  }
  std::filesystem::remove(study / "run/last.safetensors");
  std::filesystem::copy_file(study / "run/best.safetensors", study / "other.safetensors");
  check_failed(run_tool(study.finetune() + "--epochs 1 --resume --train decoder --weights " +
                        as_word(study / "other.safetensors")),
               1, "begun with weights");
}

TEST_CASE("a run whose best weights are gone does not end as if they were there") {
  Study const study;
  check_done(run_tool(study.finetune() + "--epochs 2"));
  std::string const config = study.file("run/config.json");
  check_done(run_tool(study.finetune() + "--epochs 1 --resume"));  // nothing is left to do
  CHECK(study.file("run/config.json") == config);
  std::filesystem::rename(study / "run/best.safetensors", study / "elsewhere");
  check_failed(run_tool(study.finetune() + "--epochs 3 --resume"), 1,
               "the best weights of the run are gone");
  std::filesystem::rename(study / "elsewhere", study / "run/best.safetensors");
  check_done(run_tool(study.finetune() + "--epochs 3 --resume"));
}

TEST_CASE("a folder of weights is no folder for a run") {
  Study const study;
  std::filesystem::create_directory(study / "hub");
  write_file(study / "hub/model.safetensors", "weights");
  check_failed(run_tool(study.finetune("hub") + "--epochs 1"), 1, "holds other weights");
  std::filesystem::create_directory(study / "notes");
  write_file(study / "notes/log.csv", "Patient,note\nAnna,7\n");
  check_failed(run_tool(study.finetune("notes") + "--epochs 1"), 1, "a log that is no run's");
  CHECK(study.file("notes/log.csv") == "Patient,note\nAnna,7\n");
  CHECK(files_in(study / "hub") == std::vector<std::string>{"model.safetensors"});
}

TEST_CASE("a model's own folder is no folder for a run") {
  Study const study;
  std::filesystem::create_directory(study / "model");
  write_file(study / "model/config.json", R"({"model_type": "clipseg"})");
  check_failed(run_tool(study.finetune("model") + "--epochs 1"), 1, "config.json");
  CHECK(files_in(study / "model") == std::vector<std::string>{"config.json"});
  write_file(study / "file", "");
  check_failed(run_tool(study.finetune("file") + "--epochs 1"), 1, "file");
  check_failed(run_tool(study.finetune("file/below") + "--epochs 1"), 1, "file");
}

TEST_CASE("a run goes on only as the run that it is, told by what its folder means") {
  Study const study;
  check_done(run_tool(study.finetune() + "--epochs 1 --schedule cosine"));
  // A cosine that ends elsewhere is another one from its first step on.
  check_failed(run_tool(study.finetune() + "--epochs 2 --schedule cosine --resume"), 1,
               "begun with epochs");
  check_done(run_tool(study.finetune("other") + "--epochs 1"));
  std::string command = study.finetune("other");
  std::string const data = as_word(study / "data");
  command.replace(command.find(data), data.size(), as_word((study / "data").string() + "/./"));
  Outcome const run = run_tool(command + "--epochs 2 --resume");
  check_done(run);
  CHECK(nlohmann::json::parse(study.file("other/config.json")).at("epochs") == 2);
  // The best is that of the file, whichever call it was of.
  double best = 0;
  auto const lines = study.log("other");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::istringstream cells(lines[i]);
    std::string cell;
    for (int c = 0; c < 4; ++c) std::getline(cells, cell, ',');
    best = std::max(best, std::stod(cell));
  }
  char text[32];
  std::snprintf(text, sizeof text, "best of this run %.4f", best);
  CHECK(run.out.find(text) != std::string::npos);
}

TEST_CASE("one process at a time trains in a folder") {
  Study const study;
  check_done(run_tool(study.finetune() + "--epochs 1"));
  std::filesystem::create_directory(study / "new");
  for (std::string const name : {"run", "new"}) {
    auto const lock = vlsm::io::FileLock::of_folder(study / name);
    REQUIRE(lock.held());
    for (std::string const resume : {"", "--resume "})
      check_failed(run_tool(study.finetune(name) + resume + "--epochs 2"), 1, "another process");
  }
  check_done(run_tool(study.finetune() + "--epochs 2 --resume"));
}

TEST_CASE("the demonstration leaves what is something else's alone") {
  TempDir const folder;
  // The data set of the README's three lines of Python has no other list.
  for (std::string const own :
       {"run/mine.txt", "data/anns/test.json", "overlays/a.png", "metrics.json", "report.html"}) {
    std::filesystem::path const out = folder / ("of " + std::string(own.substr(0, 4)));
    std::filesystem::create_directories((out / own).parent_path());
    write_file(out / own, "mine");
    check_failed(run_tool("demo --epochs 1 --out " + as_word(out)), 1,
                 own.substr(0, own.find('/')));
    CHECK(read_file(out / own) == "mine");
    CHECK(files_in(out).size() == 1);
  }
  check_failed(run_tool("demo --epochs 1 --out ''"), 2, "--out");
  // One that was stopped while it made pictures is its own.
  std::filesystem::create_directories(folder / "demo");
  pid_t const child = start_tool({"demo", "--out", (folder / "demo").string()});
  while (!std::filesystem::exists(folder / "demo/data/anns/train.json"))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  write_file(folder / "demo/run/last.safetensors", "of the one that was stopped");
  write_file(folder / "demo/report.html", "of the one before");
  pid_t const next = start_tool({"demo", "--out", (folder / "demo").string()});
  while (std::filesystem::exists(folder / "demo/run/last.safetensors") &&
         ::waitpid(next, &status, WNOHANG) == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  while (std::filesystem::exists(folder / "demo/report.html") &&
         ::waitpid(next, &status, WNOHANG) == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(!std::filesystem::exists(folder / "demo/run/last.safetensors"));
  CHECK(!std::filesystem::exists(folder / "demo/report.html"));
  ::kill(next, SIGKILL);
  ::waitpid(next, &status, 0);
}
