// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

// What a command does beside its model's computation: the next files are read, the last results
// written.
namespace tool {

/// Makes values ahead of who takes them, at most `ahead` at a time, each in a thread of its own.
template <class T>
class Ahead {
 public:
  /// `make(0)` to `make(count - 1)` are the values; it is called in several threads at once.
  Ahead(std::size_t count, std::size_t ahead, std::function<T(std::size_t)> make)
      : count_(count), ahead_(ahead), make_(std::move(make)) {}

  /// The next value. Throws what making it threw, at its turn and not before.
  T next() {
    while (begun_ < count_ && coming_.size() <= ahead_)
      coming_.push_back(std::async(std::launch::async, make_, begun_++));
    std::future<T> first = std::move(coming_.front());
    coming_.pop_front();
    return first.get();
  }

 private:
  std::size_t count_, ahead_, begun_ = 0;
  std::function<T(std::size_t)> make_;
  std::deque<std::future<T>> coming_;  // waited for where they are destroyed
};

/// Does jobs behind who gives them, one after the other in a thread of its own. After one that
/// throws no further one begins.
class Behind {
 public:
  /// At most `most` jobs wait.
  explicit Behind(std::size_t most) : most_(most), thread_([this] { work(); }) {}

  /// What waits is not begun any more.
  ~Behind() {
    {
      std::lock_guard const lock(mutex_);
      jobs_.clear();
      last_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Behind(Behind const&) = delete;
  Behind& operator=(Behind const&) = delete;

  /// Adds a job, once there is room. Throws what an earlier one threw.
  void add(std::function<void()> job) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return failed_ || jobs_.size() < most_; });
      if (failed_) std::rethrow_exception(failed_);
      jobs_.push_back(std::move(job));
    }
    changed_.notify_all();
  }

  /// Waits for all jobs. Throws what the first that failed threw; there is no further one.
  void finish() {
    {
      std::lock_guard const lock(mutex_);
      last_ = true;
    }
    changed_.notify_all();
    thread_.join();
    if (failed_) std::rethrow_exception(failed_);
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return last_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      std::function<void()> const job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      changed_.notify_all();
      std::exception_ptr mistake;
      try {
        job();
      } catch (...) {
        mistake = std::current_exception();
      }
      lock.lock();
      if (!mistake) continue;
      failed_ = mistake;
      jobs_.clear();
      lock.unlock();
      changed_.notify_all();
      return;
    }
  }

  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool last_ = false;
  std::exception_ptr failed_;
  std::thread thread_;
};

}  // namespace tool
