// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "emulation/fiber.hpp"
#include "emulation/memory.hpp"
#include "vlsm/base/error.hpp"

/// CUDA's own names, as kernels write them.
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

inline constinit thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace vlsm::emulation {

/// What a test may choose: the order of the threads, and the GPU.
struct Options {
  unsigned seed = 1;
  int capability = 80;
  int multiprocessors = 108;
};
inline constinit thread_local Options options;

/// Bytes that kernels read and wrote so far, as neighbors or through `read` and `write` of
/// kernels/cuda/floats.cuh; single numbers beside them (statistics, lengths) are not counted.
struct Traffic {
  std::size_t read = 0, written = 0;
};
inline constinit thread_local Traffic traffic;

/// A copy that was started and not yet waited for.
struct PendingCopy {
  std::size_t to;
  void const* from;
  std::size_t bytes;
  bool valid;
  unsigned group;
};

struct Thread {
  Fiber fiber;
  dim3 index;
  unsigned number = 0;
  char const* waits_at = nullptr;
  bool done = false;
  std::vector<PendingCopy> copies;
  unsigned group = 0;
};

/// 32 neighboring threads, and what they hand each other.
struct Warp {
  static constexpr std::size_t slot = 32;
  unsigned first = 0, size = 0, arrived = 0;
  std::uint32_t phase = 0, sync = 0;
  char const* operation = nullptr;
  std::vector<Thread*> waiting;
  // Two of each: a lane may hand in its next value before a slow one has read the last.
  alignas(16) std::byte in[2][32 * slot];
  alignas(16) std::byte out[2][32 * slot];
};

/// The blocks of one launch, one after another: a fiber a thread, which runs until it waits at a
/// barrier or for the other lanes of its warp; who runs next is drawn by lot.
class Block {
 public:
  /// The one that is running on this thread of the host.
  static inline constinit thread_local Block* current = nullptr;

  Block(dim3 shape, std::size_t shared_bytes, std::function<void()> kernel, unsigned seed)
      : kernel_(std::move(kernel)), shared_bytes_(shared_bytes), lots_(seed) {
    unsigned const count = shape.x * shape.y * shape.z;
    threads_.resize(count);
    warps_.resize((count + 31) / 32);
    for (unsigned i = 0; i < count; ++i) {
      threads_[i].number = i;
      threads_[i].index = dim3(i % shape.x, i / shape.x % shape.y, i / shape.x / shape.y);
    }
    for (unsigned w = 0; w < warps_.size(); ++w) {
      warps_[w].first = 32 * w;
      warps_[w].size = std::min(32u, count - 32 * w);
    }
    caller_.adopt_caller();
  }

  void run() {
    memory_.begin(shared_bytes_, ++barrier_);
    stacks().reserve(threads_.size());
    left_ = static_cast<unsigned>(threads_.size());
    for (Thread& thread : threads_) {
      thread.done = false;
      thread.waits_at = nullptr;
      thread.fiber.prepare(stacks().usable(thread.number), &Block::entry);
      ready_.push_back(&thread);
    }
    current = this;
    running_ = draw();
    caller_.switch_to(running_->fiber);
    current = nullptr;
    if (failure_) std::rethrow_exception(failure_);
    if (left_ > 0) throw deadlock();
  }

  /// __syncthreads: all threads of the block, those that left included.
  void barrier() {
    running_->waits_at = "__syncthreads";
    if (++arrived_ == threads_.size()) {
      arrived_ = 0;
      ++barrier_;
      for (Thread& thread : threads_) ready_.push_back(&thread);
    }
    yield();
    running_->waits_at = nullptr;
  }

  /// All lanes of a warp hand in `bytes`; the last one calls `finish(in, out)` on the slots of all.
  /// Returns the phase, whose slots stay as they are until this lane comes again.
  template <class Finish>
  unsigned meet(char const* operation, void const* data, std::size_t bytes, Finish&& finish) {
    Warp& warp = this->warp();
    unsigned const phase = warp.phase & 1;
    if (warp.arrived == 0) warp.operation = operation;
    if (std::string_view(warp.operation) != operation)
      fail(std::string("lanes of one warp meet in ") + operation + " and " + warp.operation,
           "all lanes must take the same way here");
    if (bytes > 0) std::memcpy(warp.in[phase] + lane() * Warp::slot, data, bytes);
    if (++warp.arrived < warp.size) {
      running_->waits_at = operation;
      warp.waiting.push_back(running_);
      yield();
      running_->waits_at = nullptr;
      return phase;
    }
    finish(warp.in[phase], warp.out[phase]);
    warp.arrived = 0;
    ++warp.phase;
    ready_.insert(ready_.end(), warp.waiting.begin(), warp.waiting.end());
    warp.waiting.clear();
    return phase;
  }

  Thread& thread() { return *running_; }
  Warp& warp() { return warps_[running_->number / 32]; }
  unsigned lane() const { return running_->number % 32; }
  SharedMemory& memory() { return memory_; }

  Access now() {
    return {barrier_, warp().sync, static_cast<std::uint16_t>(running_->number),
            static_cast<std::uint16_t>(running_->number / 32)};
  }

  [[noreturn]] void fail(std::string const& what, std::string const& remedy) const {
    throw Error(what, place(*running_), remedy);
  }

 private:
  static Stacks& stacks() {
    static thread_local Stacks stacks;
    return stacks;
  }

  static std::string text(dim3 at) {
    return "(" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " + std::to_string(at.z) +
           ")";
  }

  static std::string place(Thread const& thread) {
    return "block " + text(blockIdx) + ", thread " + text(thread.index);
  }

  static void entry() {
    Fiber::entered();
    Block& block = *current;
    threadIdx = block.running_->index;
    bool failed = true;
    try {
      block.kernel_();
      if (!block.running_->copies.empty())
        block.fail("the thread ends with copies under way", "wait for them");
      failed = false;
    } catch (...) {
      block.failure_ = std::current_exception();
    }
    block.running_->done = true;
    --block.left_;
    Thread* const ended = block.running_;
    if (failed || block.ready_.empty()) {
      ended->fiber.switch_to(block.caller_);
    } else {
      block.running_ = block.draw();
      ended->fiber.switch_to(block.running_->fiber);
    }
  }

  Thread* draw() {
    std::size_t const lot = lots_() % ready_.size();
    std::swap(ready_[lot], ready_.back());
    Thread* const thread = ready_.back();
    ready_.pop_back();
    return thread;
  }

  void yield() {
    Thread* const self = running_;
    if (ready_.empty()) {
      self->fiber.switch_to(caller_);  // a deadlock: nobody comes back
    } else {
      running_ = draw();
      if (running_ != self) self->fiber.switch_to(running_->fiber);
    }
    threadIdx = self->index;
  }

  Error deadlock() const {
    Thread const* waits = nullptr;
    Thread const* misses = nullptr;
    for (Thread const& thread : threads_) {
      if (thread.done)
        misses = &thread;
      else if (waits == nullptr)
        waits = &thread;
    }
    for (Thread const& thread : threads_)
      if (misses == nullptr && std::string_view(thread.waits_at) != waits->waits_at)
        misses = &thread;
    std::string what = std::string("deadlock: a thread waits at ") + waits->waits_at + " for ever";
    if (misses != nullptr)
      what +=
          ", thread " + text(misses->index) +
          (misses->done ? " has left the kernel" : std::string(" waits at ") + misses->waits_at);
    return {what, place(*waits), "every thread must reach the same barriers"};
  }

  std::function<void()> kernel_;
  std::size_t shared_bytes_;
  std::minstd_rand lots_;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  std::vector<Thread*> ready_;
  Fiber caller_;
  Thread* running_ = nullptr;
  SharedMemory memory_;
  std::exception_ptr failure_;
  std::uint32_t barrier_ = 0;
  unsigned arrived_ = 0, left_ = 0;
};

}  // namespace vlsm::emulation
