// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <csignal>
#include <stdexcept>
#include <string>

namespace tool {

/// While one lives, the first SIGTERM or SIGINT is only noted, so that a training can finish its
/// step and save. A second one ends the program at once. One at a time.
class StopSignal {
 public:
  StopSignal() {
    number() = 0;
    struct sigaction action {};
    action.sa_handler = [](int signal) {
      number() = signal;
      ::signal(SIGTERM, SIG_DFL), ::signal(SIGINT, SIG_DFL);
    };
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGTERM, &action, &term_);
    ::sigaction(SIGINT, &action, &interrupt_);
  }
  ~StopSignal() {
    ::sigaction(SIGTERM, &term_, nullptr);
    ::sigaction(SIGINT, &interrupt_, nullptr);
  }
  StopSignal(StopSignal const&) = delete;
  StopSignal& operator=(StopSignal const&) = delete;

  /// The signal that came, or 0.
  int came() const { return number(); }

 private:
  static std::atomic<int>& number() {
    static std::atomic<int> value = 0;
    static_assert(std::atomic<int>::is_always_lock_free, "a handler may not wait");
    return value;
  }

  struct sigaction term_ {
  }, interrupt_{};
};

/// A run was told to stop and is saved: no failure, but no success. The program ends with 128 and
/// the signal's number, as shells say it.
struct Stopped : std::runtime_error {
  Stopped(int number, std::string const& where)
      : std::runtime_error("stopped by " + std::string(number == SIGINT ? "SIGINT" : "SIGTERM") +
                           " at " + where),
        signal(number) {}
  int signal;
};

}  // namespace tool
