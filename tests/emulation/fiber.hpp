// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstddef>
#include <new>

#include "support/sanitized.hpp"
#ifdef VLSM_TEST_SANITIZED
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace vlsm::emulation {

/// Stacks for the threads of a block, each with a page below it that nobody may touch. Pages cost
/// memory only once they are used, and the next block uses them again.
class Stacks {
 public:
  static constexpr std::size_t guard = 4096, bytes = 256 * 1024;

  Stacks() = default;
  Stacks(Stacks const&) = delete;
  Stacks& operator=(Stacks const&) = delete;
  ~Stacks() { release(); }

  void reserve(std::size_t count) {
    if (count <= count_) return;
    release();
    void* const memory = mmap(nullptr, count * bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    first_ = static_cast<std::byte*>(memory);
    count_ = count;
    for (std::size_t i = 0; i < count; ++i) mprotect(first_ + i * bytes, guard, PROT_NONE);
  }

  std::byte* usable(std::size_t i) const { return first_ + i * bytes + guard; }

 private:
  void release() {
    if (first_ != nullptr) munmap(first_, count_ * bytes);
    first_ = nullptr;
    count_ = 0;
  }

  std::byte* first_ = nullptr;
  std::size_t count_ = 0;
};

/// A thread of control that runs until it switches to another one: glibc's ucontext, announced to
/// the address sanitizer, which otherwise takes a new stack for a damaged one.
class Fiber {
 public:
  /// The one that is running now.
  void adopt_caller() {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    void* bottom = nullptr;
    pthread_attr_getstack(&attributes, &bottom, &size_);
    pthread_attr_destroy(&attributes);
    stack_ = static_cast<std::byte*>(bottom);
  }

  /// Runs `entry`, which must not return, at the first switch to it.
  void prepare(std::byte* stack, void (*entry)()) {
    stack_ = stack;
    size_ = Stacks::bytes - Stacks::guard;
#ifdef VLSM_TEST_SANITIZED
    __asan_unpoison_memory_region(stack_, size_);
#endif
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack_;
    context_.uc_stack.ss_size = size_;
    context_.uc_link = nullptr;
    makecontext(&context_, entry, 0);
  }

  /// The first thing that `entry` does.
  static void entered() {
#ifdef VLSM_TEST_SANITIZED
    __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  }

  void switch_to(Fiber& other) {
#ifdef VLSM_TEST_SANITIZED
    void* own = nullptr;
    __sanitizer_start_switch_fiber(&own, other.stack_, other.size_);
#endif
    swapcontext(&context_, &other.context_);
#ifdef VLSM_TEST_SANITIZED
    __sanitizer_finish_switch_fiber(own, nullptr, nullptr);
#endif
  }

 private:
  ucontext_t context_{};
  std::byte* stack_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace vlsm::emulation
