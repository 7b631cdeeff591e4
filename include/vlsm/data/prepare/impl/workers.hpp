// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace vlsm::detail {

/// Calls `task(0)` to `task(count - 1)` on `threads` threads (0: one for each core), which begin
/// them in that order. `done(n)`, one call at a time, says that n of them are finished. After an
/// exception no further task begins; once all that run have ended, the exception of the lowest one
/// is thrown.
inline void run_tasks(std::size_t count, unsigned threads,
                      std::function<void(std::size_t)> const& task,
                      std::function<void(std::size_t done)> const& done) {
  std::mutex mutex;
  std::size_t next = 0, finished = 0, failed_at = count;
  std::exception_ptr failed;  // of task `failed_at`
  auto const work = [&] {
    for (;;) {
      std::size_t mine;
      {
        std::lock_guard const lock(mutex);
        if (failed || next == count) return;
        mine = next++;
      }
      std::exception_ptr mistake;
      try {
        task(mine);
      } catch (...) {
        mistake = std::current_exception();
      }
      std::lock_guard const lock(mutex);
      if (mistake && mine < failed_at) failed = mistake, failed_at = mine;
      ++finished;
      if (!mistake && done) done(finished);
    }
  };
  std::size_t const cores =
      threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::future<void>> helpers;
  for (std::size_t i = 1; i < std::min(cores, count); ++i)
    helpers.push_back(std::async(std::launch::async, work));
  work();
  for (auto& helper : helpers) helper.get();
  if (failed) std::rethrow_exception(failed);
}

}  // namespace vlsm::detail
