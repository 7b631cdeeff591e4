// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/base/error.hpp"

namespace vlsm::test {

/// What the emulation complains of while `run` runs; empty where it has nothing to say.
template <class Run>
std::string fault_of(Run const& run) {
  try {
    run();
  } catch (Error const& error) {
    return error.what();
  }
  return {};
}

}  // namespace vlsm::test

/// The emulation stops `statement` with a fault that contains `words`.
#define CHECK_FAULT(statement, words)                                           \
  do {                                                                          \
    std::string const fault_ = vlsm::test::fault_of([&] { statement; });        \
    CHECK_MESSAGE(fault_.find(words) != std::string::npos, "fault: \"", fault_, \
                  "\", expected: \"", (words), "\"");                           \
  } while (false)
