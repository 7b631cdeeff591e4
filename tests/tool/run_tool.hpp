// SPDX-License-Identifier: MIT
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/doctest.hpp"
#include "support/fixtures.hpp"

// Runs the program as a user's shell would. VLSM_TOOL is its path, set by CMake.
namespace vlsm::test {

/// What a run of the program gave.
struct Outcome {
  std::string command = {};
  int status = 0;  ///< 128 and more: ended by a signal
  std::string out = {}, err = {};
};

/// A word that the shell takes as it is.
inline std::string as_word(std::string const& word) {
  std::string text = "'";
  for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}
inline std::string as_word(std::filesystem::path const& path) { return as_word(path.string()); }

/// `vlsm ARGUMENTS` in a shell; `before` stands before the program (`ulimit -f 1;`), `after` at the
/// end of the line, where it may redirect what is captured otherwise.
inline Outcome run_tool(std::string const& arguments, std::string const& before = "",
                        std::string const& after = "") {
  TempDir const folder;
  Outcome outcome{.command = before + "vlsm " + arguments + " " + after};
  std::string const line = before + as_word(std::string(VLSM_TOOL)) + " " + arguments + " >" +
                           as_word(folder / "out") + " 2>" + as_word(folder / "err") +
                           " </dev/null " + after;
  int const status = std::system(line.c_str());
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read_file(folder / "out");
  outcome.err = read_file(folder / "err");
  return outcome;
}

/// Starts the program with these words, silently, and does not wait for it.
inline pid_t start_tool(std::vector<std::string> words) {
  pid_t const child = ::fork();
  if (child != 0) return child;
  [[maybe_unused]] FILE* const quiet = std::freopen("/dev/null", "w", stderr);
  [[maybe_unused]] FILE* const silent = std::freopen("/dev/null", "w", stdout);
  words.insert(words.begin(), VLSM_TOOL);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(VLSM_TOOL, arguments.data());
  ::_exit(127);
}

/// The promise: one line `vlsm: error: WHAT: WHERE: WHAT TO DO` and this exit status.
inline void check_failed(Outcome const& run, int status, std::string const& words) {
  INFO(run.command, "\nstatus ", run.status, "\n", run.err);
  CHECK(run.status == status);
  CHECK(run.err.starts_with("vlsm: error: "));
  CHECK(run.err.ends_with("\n"));
  CHECK(std::ranges::count(run.err, '\n') == 1);
  std::size_t colons = 0;
  for (std::size_t at = 12; (at = run.err.find(": ", at)) != std::string::npos; ++at) ++colons;
  CHECK(colons >= 2);
  CHECK_MESSAGE(run.err.find(words) != std::string::npos, "expected: ", words);
}

inline void check_done(Outcome const& run) {
  INFO(run.command, "\n", run.err);
  REQUIRE(run.status == 0);
  CHECK(run.err.find("error") == std::string::npos);
}

/// The lines of a JSON output, each of which must parse.
inline std::vector<nlohmann::json> json_lines(std::string const& text) {
  std::vector<nlohmann::json> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = text.find('\n', at);
    REQUIRE(end != std::string::npos);
    lines.push_back(nlohmann::json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  return lines;
}

/// The names of all files below a folder, sorted.
inline std::vector<std::string> files_in(std::filesystem::path const& folder) {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(folder))
    if (!entry.is_directory())
      names.push_back(std::filesystem::relative(entry.path(), folder).string());
  std::ranges::sort(names);
  return names;
}

}  // namespace vlsm::test
