// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <sstream>
#include <thread>

#include "tool/run_tool.hpp"
#include "vlsm/data/synthetic_dataset.hpp"

// A run that is killed at any moment goes on as if nothing had been.
using namespace vlsm::test;

namespace {

struct Run : TempDir {
  Run() {
    vlsm::write_synthetic(*this / "data", {.side = 64}, {.train = 2, .val = 1, .test = 0}, 1);
  }

  std::vector<std::string> words(std::string const& out) const {
    return {"finetune",
            "--model",
            "clipseg-tiny",
            "--prompt",
            "p2",
            "--batch",
            "4",
            "--threads",
            "1",
            "--epochs",
            "12",
            "--seed",
            "3",
            "--data",
            (*this / "data").string(),
            "--out",
            (*this / out).string()};
  }
  /// Starts the program; `resume` goes on with what is there.
  pid_t start(std::string const& out, bool resume) const {
    auto list = words(out);
    if (resume) list.push_back("--resume");
    return start_tool(std::move(list));
  }
  std::string file(std::string const& name) const { return read_file(*this / name); }
  bool has(std::string const& name) const { return std::filesystem::exists(*this / name); }

  /// All columns of the log but the seconds.
  std::vector<std::string> log(std::string const& out) const {
    std::vector<std::string> lines;
    std::istringstream in(file(out + "/log.csv"));
    for (std::string line; std::getline(in, line);)
      lines.push_back(line.substr(0, line.rfind(',')));
    return lines;
  }
};

}  // namespace

TEST_CASE("thirty kills at random moments lose nothing but the running epoch") {
  Run const run;
  int status = 0;
  ::waitpid(run.start("unbroken", false), &status, 0);
  REQUIRE(status == 0);
  std::mt19937 random(7);
  int kills = 0;
  for (int round = 0; kills < 30; ++round) {
    std::string const out = "run" + std::to_string(round);
    bool finished = false;
    while (!finished) {
      std::size_t const before = run.log(out).size();
      pid_t const child = run.start(out, run.has(out + "/last.safetensors"));
      auto const delay = std::chrono::milliseconds(150 + random() % 500);
      std::this_thread::sleep_for(delay);
      pid_t const ended = ::waitpid(child, &status, WNOHANG);
      if (ended == 0 && kills < 30) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        ++kills;
        CHECK(run.log(out).size() >= before);
        // Until its first epoch is on the disk a run is begun anew.
        if (!run.has(out + "/last.safetensors")) std::filesystem::remove_all(run / out);
        continue;
      }
      if (ended == 0) ::waitpid(child, &status, 0);
      REQUIRE(WIFEXITED(status));
      REQUIRE(WEXITSTATUS(status) == 0);
      finished = true;
    }
    CHECK(run.file(out + "/best.safetensors") == run.file("unbroken/best.safetensors"));
    CHECK(run.file(out + "/last.safetensors") == run.file("unbroken/last.safetensors"));
    CHECK(run.log(out) == run.log("unbroken"));
    for (std::string const& name : files_in(run / out))
      CHECK(name.find("partial") == std::string::npos);
  }
  std::printf("%d kills survived\n", kills);
}

TEST_CASE("SIGTERM and SIGINT end a run at a step, saved, and it goes on with the same bits") {
  Run const run;
  int status = 0;
  ::waitpid(run.start("unbroken", false), &status, 0);
  REQUIRE(status == 0);
  std::mt19937 random(11);
  int stops = 0, within = 0, early = 0;
  for (int round = 0; stops < 12; ++round) {
    std::string const out = "stopped" + std::to_string(round);
    for (bool finished = false; !finished;) {
      std::string const last = out + "/last.safetensors";
      pid_t const child = run.start(out, run.has(last));
      // Before the folder is there no training runs that could be saved.
      for (int wait = 0; wait < 1000 && !run.has(out + "/config.json"); ++wait)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      // A slow program (under sanitizers, say) is given longer, until it comes to train.
      std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 300 + 50 * early));
      int const signal = stops % 2 ? SIGINT : SIGTERM;
      if (stops < 12 && ::waitpid(child, &status, WNOHANG) == 0) {
        ::kill(child, signal);
        ::waitpid(child, &status, 0);
        if (WIFSIGNALED(status)) {  // before the training began, or after it
          ++early;
          if (!run.has(last)) std::filesystem::remove_all(run / out);
          continue;
        }
        REQUIRE(WIFEXITED(status));
        if (WEXITSTATUS(status) == 128 + signal) {
          ++stops;
          REQUIRE(run.has(last));
          within += run.file(last).find("\\\"step\\\":0,") == std::string::npos ? 1 : 0;
          continue;
        }
      } else {
        ::waitpid(child, &status, 0);
      }
      REQUIRE(WIFEXITED(status));
      REQUIRE(WEXITSTATUS(status) == 0);
      finished = true;
    }
    CHECK(run.file(out + "/best.safetensors") == run.file("unbroken/best.safetensors"));
    CHECK(run.file(out + "/last.safetensors") == run.file("unbroken/last.safetensors"));
    CHECK(run.log(out) == run.log("unbroken"));
  }
  std::printf("%d stops, %d of them within an epoch\n", stops, within);
}
