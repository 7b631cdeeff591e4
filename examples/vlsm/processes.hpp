// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Parallel.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "vlsm/distributed/launch.hpp"

// The tool as one of several processes that mpirun or torchrun started.
namespace tool {

/// Which of how many this process is; one alone where the launcher's variables make no sense.
inline vlsm::Launch launch_or_alone() noexcept {
  try {
    return vlsm::find_launch();
  } catch (vlsm::Error const&) {
    return {};
  }
}

/// Before a process tells of a failure: usually the first one fails at the same and tells it, and
/// the launcher ends the others meanwhile (mpirun: after a second). So a user reads one line,
/// whoever failed. `elsewhere`: another one has the reason.
inline void let_first_speak(bool elsewhere) {
  vlsm::Launch const launch = launch_or_alone();
  if (elsewhere)
    std::this_thread::sleep_for(std::chrono::seconds(15));
  else if (launch.rank > 0)
    std::this_thread::sleep_for(std::chrono::seconds(5));
}

/// Divides the cores of a machine among its processes, unless the launcher bound them to cores or
/// someone has set the number of threads.
inline void divide_cores(vlsm::Launch const& launch) {
  if (launch.local_size == 1 || std::getenv("OMP_NUM_THREADS")) return;
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return;
  int const mine = CPU_COUNT(&cores);
  if (mine < ::sysconf(_SC_NPROCESSORS_ONLN)) return;  // bound
  at::set_num_threads(std::max(1, mine / launch.local_size));
}

}  // namespace tool
