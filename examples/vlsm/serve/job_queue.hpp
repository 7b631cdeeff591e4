// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "serve/http.hpp"

namespace tool::serve {

/// One thread that does jobs in their order; those who wait for one are bounded in number. A model
/// is used by one thread, which needs all cores by itself.
class JobQueue {
 public:
  /// At most `most` jobs wait; `begin` is done before the first of them (a model is loaded).
  JobQueue(std::size_t most, std::function<void()> begin)
      : most_(most), thread_([this, begin = std::move(begin)] { work(begin); }) {}

  ~JobQueue() { stop(); }
  JobQueue(JobQueue const&) = delete;
  JobQueue& operator=(JobQueue const&) = delete;

  /// Does a job and waits for its end. One whose client has `gone` when its turn comes is not done,
  /// and makes room where many wait. Throws what the job throws, and Refusal: 500 where `begin`
  /// failed, 503 where too many wait already and where the queue has been stopped.
  void run(std::function<void()> job, std::function<bool()> gone) {
    auto const task = std::make_shared<Task>(Task{std::move(job), std::move(gone), {}});
    std::future<void> done = task->done.get_future();
    {
      std::lock_guard const lock(mutex_);
      if (failure_) throw failed(failure_);
      if (stopped_) throw stopping();
      if (tasks_.size() >= most_) std::erase_if(tasks_, [](auto const& one) { return left(*one); });
      if (tasks_.size() >= most_)
        throw Refusal(503, "the model is busy, " + std::to_string(tasks_.size()) + " requests wait",
                      "queue", "send the request again in a second");
      tasks_.push_back(task);
    }
    changed_.notify_all();
    done.get();
  }

  /// Ends the job that runs, does none of those that wait, and takes no more.
  void stop() {
    {
      std::lock_guard const lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  /// Whether `stop` has been called.
  bool stopped() const {
    std::lock_guard const lock(mutex_);
    return stopped_;
  }
  /// Whether `begin` is over.
  bool begun() const {
    std::lock_guard const lock(mutex_);
    return begun_;
  }
  /// What `begin` threw; null: nothing, or it is not over.
  std::exception_ptr failure() const {
    std::lock_guard const lock(mutex_);
    return failure_;
  }
  /// Jobs that wait.
  std::size_t waiting() const {
    std::lock_guard const lock(mutex_);
    return tasks_.size();
  }

 private:
  struct Task {
    std::function<void()> job;
    std::function<bool()> gone;
    std::promise<void> done;
  };

  static Refusal stopping() {
    return {503, "the server is stopping", "vlsm serve", "start it again"};
  }

  static Refusal failed(std::exception_ptr const& why) {
    try {
      std::rethrow_exception(why);
    } catch (std::exception const& e) {
      return {500, e.what(), "", ""};
    }
  }

  void work(std::function<void()> const& begin) {
    std::exception_ptr failure;
    try {
      begin();
    } catch (...) {
      failure = std::current_exception();
    }
    std::unique_lock lock(mutex_);
    failure_ = failure;
    begun_ = true;
    while (!failure_) {
      changed_.wait(lock, [&] { return stopped_ || !tasks_.empty(); });
      if (stopped_) break;
      std::shared_ptr<Task> const task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      do_it(*task);
      lock.lock();
    }
    for (auto const& task : tasks_)
      task->done.set_exception(std::make_exception_ptr(failure_ ? failed(failure_) : stopping()));
    tasks_.clear();
  }

  /// Whether nobody waits for a task any more, which then is over.
  static bool left(Task& task) {
    if (!task.gone()) return false;
    task.done.set_exception(std::make_exception_ptr(
        Refusal(503, "the client has gone", "connection", "send the request again")));
    return true;
  }

  static void do_it(Task& task) {
    if (left(task)) return;
    try {
      task.job();
      task.done.set_value();
    } catch (...) {
      task.done.set_exception(std::current_exception());
    }
  }

  std::size_t const most_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Task>> tasks_;
  bool stopped_ = false, begun_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace tool::serve
