// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "tool/run_tool.hpp"
#include "vlsm/data/synthetic_dataset.hpp"

// The tool as a user starts it in several processes: `mpirun -np 2 vlsm finetune …`.
using namespace vlsm::test;

namespace {

// As root, and with more processes than cores, OpenMPI's mpirun wants to be told that this is
// meant.
[[maybe_unused]] int const told = [] {
  for (char const* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                           "OMPI_MCA_rmaps_base_oversubscribe"})
    ::setenv(name, "1", /*overwrite=*/0);
  return ::setenv("OMPI_MCA_hwloc_base_binding_policy", "none", /*overwrite=*/0);
}();

struct Run : TempDir {
  Run() {
    vlsm::write_synthetic(*this / "data", {.side = 64}, {.train = 9, .val = 3, .test = 0}, 1);
  }

  std::string options(std::string const& out, int epochs = 12,
                      std::string const& set = "data") const {
    return "finetune --model clipseg-tiny --prompt p2 --batch 4 --threads 1 --workers 1 --seed 3 "
           "--lr 1e-4 "
           "--epochs " +
           std::to_string(epochs) + " --data " + as_word(*this / set) + " --out " +
           as_word(*this / out);
  }
  std::string file(std::string const& name) const { return read_file(*this / name); }
  bool has(std::string const& name) const { return std::filesystem::exists(*this / name); }

  /// The cells of the log, but for the seconds.
  std::vector<std::vector<double>> log(std::string const& out) const {
    std::vector<std::vector<double>> rows;
    std::istringstream in(file(out + "/log.csv"));
    std::string line;
    std::getline(in, line);  // its header
    while (std::getline(in, line)) {
      std::istringstream cells(line.substr(0, line.rfind(',')));
      rows.emplace_back();
      for (std::string cell; std::getline(cells, cell, ',');)
        rows.back().push_back(std::stod(cell));
    }
    return rows;
  }
};

Outcome processes(int count, std::string const& options) {
  return run_tool(options, std::string(VLSM_MPIRUN) + " -np " + std::to_string(count) + " ");
}

/// An mpirun of two that goes on beside the test.
struct Running {
  explicit Running(std::string const& options) {
    if ((mpirun = ::fork()) != 0) return;
    std::string const line = "exec " + std::string(VLSM_MPIRUN) + " -np 2 " +
                             as_word(std::string(VLSM_TOOL)) + " " + options +
                             " >/dev/null 2>&1 </dev/null";
    ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    ::_exit(127);
  }

  /// The process of this rank; 0 while there is none.
  pid_t rank(int number) const {
    for (auto const& entry : std::filesystem::directory_iterator("/proc")) {
      std::string const name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      std::ifstream stat(entry.path() / "stat"), environment(entry.path() / "environ");
      std::string text, state;
      std::getline(stat, text);
      std::istringstream behind(text.substr(std::min(text.size(), text.rfind(')') + 1)));
      long parent = 0;
      if (!(behind >> state >> parent) || parent != mpirun) continue;
      std::stringstream all;
      all << environment.rdbuf();
      std::string const wanted = "OMPI_COMM_WORLD_RANK=" + std::to_string(number);
      if (all.str().find(wanted + '\0') != std::string::npos) return std::stoi(name);
    }
    return 0;
  }

  /// The exit status; -1 where it did not end in a minute.
  int wait() const {
    for (int i = 0; i < 6000; ++i) {
      int status = 0;
      if (::waitpid(mpirun, &status, WNOHANG) == mpirun)
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(mpirun, SIGKILL);
    return -1;
  }

  pid_t mpirun = 0;
};

/// Waits until `done`, at most a minute.
template <class Done>
bool wait_for(Done const& done) {
  for (int i = 0; i < 6000 && !done(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return done();
}

}  // namespace

TEST_CASE("mpirun starts a training whose log is that of one process") {
  Run const run;
  check_done(run_tool(run.options("one", 3)));
  Outcome const two = processes(2, run.options("two", 3));
  check_done(two);
  CHECK(std::ranges::count(two.out, '\n') == 1);  // the first one tells
  CHECK(run.file("one/config.json") == run.file("two/config.json"));
  auto const one = run.log("one"), many = run.log("two");
  REQUIRE(one.size() == 3);
  REQUIRE(many.size() == 3);
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t cell = 0; cell < one[row].size(); ++cell)
      CHECK(one[row][cell] == doctest::Approx(many[row][cell]).epsilon(1e-4));
  // A run of two goes on in one, and the other way round.
  check_done(run_tool(run.options("two", 4) + " --resume"));
  check_done(processes(2, run.options("one", 4) + " --resume"));
  CHECK(run.log("one").size() == 4);
  CHECK(run.log("two").size() == 4);
}

TEST_CASE("what all processes stumble over is said once") {
  Run const run;
  for (std::string const& options :
       {run.options("out", 1, "nowhere"), run.options("out") + " --resume"}) {
    Outcome const failed = processes(2, options);
    INFO(failed.err);
    CHECK(failed.status == 1);
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = failed.err.find("vlsm: error: ", at)) != std::string::npos; ++at)
      ++lines;
    CHECK(lines == 1);
  }
}

TEST_CASE("a picture that one process cannot read ends all, and is named") {
  Run const run;
  std::string const first = files_in(run / "data" / "images").front();
  std::ofstream(run / "data" / "images" / first, std::ios::trunc) << "no picture";
  Outcome const failed = processes(2, run.options("out"));
  INFO(failed.err);
  CHECK(failed.status == 1);
  CHECK(failed.err.find("vlsm: error: ") != std::string::npos);
  CHECK(failed.err.find(first) != std::string::npos);
}

TEST_CASE("a process that is killed ends the run, which goes on with the same bits") {
  Run const run;
  check_done(processes(2, run.options("unbroken")));
  for (int const victim : {1, 0}) {
    std::string const out = "killed" + std::to_string(victim), last = out + "/last.safetensors";
    Running const running(run.options(out));
    REQUIRE(wait_for([&] { return run.has(last); }));
    pid_t const process = running.rank(victim);
    REQUIRE(process > 0);
    ::kill(process, SIGKILL);
    CHECK(running.wait() > 0);
    CHECK(wait_for([&] { return running.rank(1 - victim) == 0; }));
    check_done(processes(2, run.options(out) + " --resume"));
    CHECK(run.file(last) == run.file("unbroken/last.safetensors"));
    CHECK(run.file(out + "/best.safetensors") == run.file("unbroken/best.safetensors"));
    CHECK(run.log(out) == run.log("unbroken"));
  }
}

TEST_CASE("a signal to one process, or to mpirun, stops all at one step") {
  Run const run;
  int const epochs = 16;
  check_done(processes(2, run.options("unbroken", epochs)));
  for (int const whom : {1, 0, -1}) {
    std::string const out = "stopped" + std::to_string(whom), last = out + "/last.safetensors";
    Running const running(run.options(out, epochs));
    REQUIRE(wait_for([&] { return run.has(last); }));
    pid_t const process = whom < 0 ? running.mpirun : running.rank(whom);
    REQUIRE(process > 0);
    ::kill(process, SIGTERM);
    // mpirun passes on what a process ended with, but has a status of its own for its own signals.
    CHECK(running.wait() == (whom < 0 ? 1 : 143));
    CHECK(run.file(out + "/log.csv") != run.file("unbroken/log.csv"));
    check_done(processes(2, run.options(out, epochs) + " --resume"));
    CHECK(run.file(last) == run.file("unbroken/last.safetensors"));
    CHECK(run.log(out) == run.log("unbroken"));
  }
}

TEST_CASE("torchrun's variables without a GPU are an error that says what to do") {
  Run const run;
  check_failed(
      run_tool(run.options("out"),
               "RANK=0 WORLD_SIZE=2 LOCAL_RANK=0 MASTER_ADDR=localhost MASTER_PORT=29400 "),
      1, "start them by mpirun");
}
