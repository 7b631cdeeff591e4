// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern char** environ;

namespace tool {

/// More processes that run this program's own command line with `--sibling` behind it, silently.
/// They end when this one does: at the latest when the object is gone, which waits for them.
class Siblings {
 public:
  explicit Siblings(int count) {
    std::ifstream in("/proc/self/cmdline", std::ios::binary);
    std::string const all(std::istreambuf_iterator<char>(in), {});
    std::vector<std::string> words;
    for (std::size_t at = 0; at < all.size(); at += words.back().size() + 1)
      words.emplace_back(all.c_str() + at);
    words.emplace_back("--sibling");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t silent;
    ::posix_spawn_file_actions_init(&silent);
    for (int const stream : {STDOUT_FILENO, STDERR_FILENO})
      ::posix_spawn_file_actions_addopen(&silent, stream, "/dev/null", O_WRONLY, 0);
    // In a group of their own: of a terminal's Ctrl-C they hear from this process alone, once.
    posix_spawnattr_t apart;
    ::posix_spawnattr_init(&apart);
    ::posix_spawnattr_setflags(&apart, POSIX_SPAWN_SETPGROUP);
    for (int i = 0; i < count; ++i)
      if (pid_t child;
          ::posix_spawn(&child, "/proc/self/exe", &silent, &apart, arguments.data(), environ) == 0)
        children_.push_back(child);
    ::posix_spawnattr_destroy(&apart);
    ::posix_spawn_file_actions_destroy(&silent);
  }
  ~Siblings() {
    send(SIGTERM);
    wait();
  }
  Siblings(Siblings const&) = delete;
  Siblings& operator=(Siblings const&) = delete;

  void send(int signal) const {
    for (pid_t const child : children_) ::kill(child, signal);
  }
  /// Waits until all have ended.
  void wait() {
    for (pid_t const child : children_)
      while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
      }
    children_.clear();
  }
  /// For the sibling itself: a signal when the process that started it ends, however that happens.
  static void end_with_parent() {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() == 1) ::raise(SIGTERM);  // it has ended already
  }

 private:
  std::vector<pid_t> children_;
};

}  // namespace tool
