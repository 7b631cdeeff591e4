// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "vlsm/base/error.hpp"

namespace tool::serve {

/// Opens a page in the person's browser, without a shell. Throws Error where there is no xdg-open.
inline void open_browser(std::string const& address) {
  std::string program = "xdg-open", page = address;
  char* words[] = {program.data(), page.data(), nullptr};
  // What it prints is not this program's: standard output is where the address stands.
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  for (int const stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_RDWR, 0);
  pid_t child = 0;
  int const failed = ::posix_spawnp(&child, words[0], &files, nullptr, words, environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed)
    throw vlsm::Error("the browser cannot be opened: xdg-open is missing", "--open",
                      "open " + address + " by hand, or install xdg-utils");
  std::thread([child] { ::waitpid(child, nullptr, 0); }).detach();  // it may live as long as we
}

}  // namespace tool::serve
