// SPDX-License-Identifier: MIT
#pragma once

#ifdef VLSM_MPI
#include <ATen/ATen.h>
#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"

namespace vlsm {

namespace detail {

/// A collective that runs in the thread of MpiBackend.
class MpiWork : public c10d::Work {
 public:
  MpiWork(c10d::OpType type, std::vector<at::Tensor> tensors)
      : Work(-1, type),
        tensors_(std::move(tensors)),
        future_(c10::make_intrusive<c10::ivalue::Future>(
            c10::ListType::create(c10::TensorType::get()))) {}
  std::vector<at::Tensor> result() override { return tensors_; }
  c10::intrusive_ptr<c10::ivalue::Future> getFuture() override { return future_; }

  /// Tells who waits that it is done.
  void done() {
    finish();
    future_->markCompleted(c10::IValue(tensors_));
  }

 private:
  std::vector<at::Tensor> tensors_;
  c10::intrusive_ptr<c10::ivalue::Future> future_;
};

inline MPI_Datatype mpi_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return MPI_FLOAT;
    case at::kDouble:
      return MPI_DOUBLE;
    case at::kInt:
      return MPI_INT32_T;
    case at::kLong:
      return MPI_INT64_T;
    default:
      throw Error("MPI adds up no numbers of this type", at::toString(type),
                  "pass float32, float64, int32 or int64");
  }
}

}  // namespace detail

/// LibTorch's collectives over MPI, between the CPUs of the processes that one mpirun started: sums
/// and broadcasts. They run in a thread of their own, in the order in which they were asked for,
/// while who asked goes on. MPI is called by that thread alone, so any build of MPI will do. A
/// failure within MPI ends all processes, as MPI does by itself.
class MpiBackend : public c10d::Backend {
 public:
  /// Starts MPI; returns when all processes have. One a program.
  static c10::intrusive_ptr<MpiBackend> start() {
    std::promise<std::pair<int, int>> ready;  // rank and size
    auto room = std::make_shared<Room>();
    std::thread thread([room, &ready] { room->run(ready); });
    auto const [rank, size] = ready.get_future().get();
    return c10::make_intrusive<MpiBackend>(rank, size, std::move(room), std::move(thread));
  }

  struct Room;
  MpiBackend(int rank, int size, std::shared_ptr<Room> room, std::thread thread)
      : Backend(rank, size), room_(std::move(room)), thread_(std::move(thread)) {}
  ~MpiBackend() override { stop(); }

  const std::string getBackendName() const override { return "mpi"; }

  /// Adds up one dense tensor on the CPU, of float32, float64, int32 or int64. Throws Error for
  /// others, and for reductions other than the sum.
  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>& tensors,
                                           c10d::AllreduceOptions const& options) override {
    if (options.reduceOp != c10d::ReduceOp::SUM)
      throw Error("this reduction is not made over MPI", "MpiBackend", "ask for a sum");
    at::Tensor const tensor = only(tensors);
    MPI_Datatype const type = detail::mpi_type(tensor.scalar_type());
    return room_->ask(
        c10d::OpType::ALLREDUCE, tensor, [type](void* values, int count, MPI_Request* request) {
          MPI_Iallreduce(MPI_IN_PLACE, values, count, type, MPI_SUM, MPI_COMM_WORLD, request);
        });
  }

  /// Copies one dense tensor on the CPU, of any type, from `options.rootRank` to all.
  c10::intrusive_ptr<c10d::Work> broadcast(std::vector<at::Tensor>& tensors,
                                           c10d::BroadcastOptions const& options) override {
    auto const root = static_cast<int>(options.rootRank);
    // As bytes: any type can be copied.
    at::Tensor const bytes = only(tensors).flatten().view(at::kByte);
    return room_->ask(c10d::OpType::BROADCAST, bytes,
                      [root](void* values, int count, MPI_Request* request) {
                        MPI_Ibcast(values, count, MPI_BYTE, root, MPI_COMM_WORLD, request);
                      });
  }

  /// Waits for the other processes and ends MPI.
  void leave() {
    room_->finalize = true;
    stop();
  }

  /// What this thread and that of MPI share.
  struct Room {
    using Start = std::function<void(void* values, int count, MPI_Request*)>;
    struct Task {
      c10::intrusive_ptr<detail::MpiWork> work;
      at::Tensor tensor;
      Start start;
    };

    c10::intrusive_ptr<c10d::Work> ask(c10d::OpType type, at::Tensor const& tensor, Start start) {
      auto work = c10::make_intrusive<detail::MpiWork>(type, std::vector<at::Tensor>{tensor});
      {
        std::lock_guard const lock(mutex);
        tasks.push_back({work, tensor, std::move(start)});
      }
      changed.notify_one();
      return work;
    }

    void run(std::promise<std::pair<int, int>>& ready) {
      int rank = 0, size = 1, provided = 0;
      MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
      MPI_Comm_rank(MPI_COMM_WORLD, &rank);
      MPI_Comm_size(MPI_COMM_WORLD, &size);
      ready.set_value({rank, size});
      std::unique_lock lock(mutex);
      for (;;) {
        changed.wait(lock, [this] { return stopping || !tasks.empty(); });
        if (tasks.empty() || (stopping && !finalize)) break;
        Task const task = std::move(tasks.front());
        tasks.pop_front();
        lock.unlock();
        if (perform(task)) task.work->done();
        lock.lock();
      }
      if (finalize) MPI_Finalize();
    }

    /// False where the program ends meanwhile.
    bool perform(Task const& task) {
      constexpr std::int64_t most = 1 << 28;  // MPI counts in int
      auto* const values = static_cast<std::byte*>(task.tensor.mutable_data_ptr());
      for (std::int64_t at = 0; at < task.tensor.numel(); at += most) {
        MPI_Request request;
        task.start(values + at * static_cast<std::int64_t>(task.tensor.element_size()),
                   static_cast<int>(std::min(most, task.tensor.numel() - at)), &request);
        if (!complete(&request)) return false;
      }
      return true;
    }

    /// MPI_Wait would turn a core round and round, which the model could use. What is soon done is
    /// soon seen; who waits longer is asked less often.
    bool complete(MPI_Request* request) {
      auto pause = std::chrono::microseconds(0);
      for (int done = 0, asked = 0;; ++asked) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done) return true;
        if (stopping && !finalize) return false;
        if (asked < 50) {
          std::this_thread::yield();
          continue;
        }
        pause = std::min(pause + std::chrono::microseconds(5), std::chrono::microseconds(200));
        std::this_thread::sleep_for(pause);
      }
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Task> tasks;
    std::atomic<bool> stopping = false, finalize = false;
  };

 private:
  static at::Tensor only(std::vector<at::Tensor> const& tensors) {
    if (tensors.size() != 1 || !tensors[0].is_cpu() || !tensors[0].is_contiguous())
      throw Error("MPI takes one dense tensor on the CPU", "MpiBackend",
                  "make it contiguous, or keep the model on one kind of device");
    return tensors[0];
  }

  void stop() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard const lock(room_->mutex);
      room_->stopping = true;
    }
    room_->changed.notify_one();
    thread_.join();
  }

  std::shared_ptr<Room> room_;
  std::thread thread_;
};

}  // namespace vlsm
#endif
