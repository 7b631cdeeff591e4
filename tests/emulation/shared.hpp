// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <type_traits>

#include "emulation/block.hpp"

namespace vlsm::emulation {

/// The checked view of shared memory: each access is inside, on a multiple of its size, initialized
/// before it is read, and ordered by barriers against the other threads'.
template <class T>
struct Shared {
  static_assert(sizeof(T) >= SharedMemory::grain && std::is_trivially_copyable_v<T>);
  std::size_t first = 0, count = 0;

  struct Reference {
    Shared view;
    int index;
    operator T() const { return view.template read<T>(index); }
    Reference const& operator=(T const& value) const {
      view.write(index, value);
      return *this;
    }
    Reference const& operator=(Reference const& other) const { return *this = T(other); }
    Reference const& operator+=(T const& value) const { return *this = T(*this) + value; }
    Reference const& operator*=(T const& value) const { return *this = T(*this) * value; }
  };

  Reference operator[](int index) const { return {*this, index}; }

  Shared from(int index) const {
    check_inside(index, 0);
    return {first + index * sizeof(T), count - index};
  }

  /// Neighboring elements as one value, from element `index` on.
  template <class V>
  V read(int index) const {
    check_inside(index, sizeof(V) / sizeof(T));
    check_aligned<V>(index);
    V value{};
    Block& block = *Block::current;
    judge(block.memory().read(address(index), &value, sizeof(V), block.now()), "read", index);
    return value;
  }

  template <class V>
  void write(int index, V const& value) const {
    check_inside(index, sizeof(V) / sizeof(T));
    check_aligned<V>(index);
    Block& block = *Block::current;
    judge(block.memory().write(address(index), &value, sizeof(V), block.now()), "write", index);
  }

  std::size_t address(int index) const { return first + index * sizeof(T); }

  void check_inside(int index, std::size_t wanted) const {
    if (index < 0 || index + wanted > count)
      Block::current->fail("access outside of shared memory: element " + std::to_string(index) +
                               (wanted > 1 ? " and the next " + std::to_string(wanted - 1) : "") +
                               " of " + std::to_string(count),
                           "correct the index or the size of the array");
  }

  template <class V>
  void check_aligned(int index) const {
    if (address(index) % sizeof(V) != 0) fail_alignment(index, sizeof(V));
  }

  void fail_alignment(int index, std::size_t bytes) const {
    Block::current->fail("element " + std::to_string(index) + " does not lie on a multiple of " +
                             std::to_string(bytes) + " bytes",
                         "pad the rows, or use smaller steps");
  }

  static void judge(SharedMemory::Verdict verdict, char const* what, int index) {
    if (verdict == SharedMemory::Verdict::good) return;
    Block& block = *Block::current;
    std::string const element = "element " + std::to_string(index);
    if (verdict == SharedMemory::Verdict::uninitialized)
      block.fail("read of shared memory that holds nothing yet: " + element,
                 "write it first, or wait for the copy");
    if (verdict == SharedMemory::Verdict::outside)
      block.fail("access outside of the block's shared memory: " + element, "ask for more of it");
    unsigned const other = block.memory().other();
    block.fail(std::string("race in shared memory: ") + what + " of " + element + " after " +
                   (other == Access::several ? "several threads"
                                             : "thread number " + std::to_string(other)) +
                   " used it",
               "a barrier is missing between the two");
  }
};

template <class T>
Shared<T> shared_array(int first_byte, int count) {
  Block& block = *Block::current;
  if (first_byte < 0 || count < 0 || first_byte + count * sizeof(T) > block.memory().size())
    block.fail("an array of shared memory ends at byte " +
                   std::to_string(first_byte + count * sizeof(T)) + " of " +
                   std::to_string(block.memory().size()),
               "launch the kernel with more shared memory");
  Shared<T> const view{static_cast<std::size_t>(first_byte), static_cast<std::size_t>(count)};
  if (view.first % sizeof(T) != 0) view.fail_alignment(0, sizeof(T));
  return view;
}

/// Of an access to memory that is not shared.
inline void check_aligned(void const* address, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0)
    Block::current->fail("an access of " + std::to_string(bytes) +
                             " bytes at an address that is no multiple of them",
                         "use smaller steps");
}

/// cp.async: the copy is done only when it is waited for, as late as a GPU may do it.
template <class T>
void copy_async(Shared<T> to, int index, T const* from, std::size_t bytes, bool valid) {
  to.check_inside(index, bytes / sizeof(T));
  if (to.address(index) % bytes != 0) to.fail_alignment(index, bytes);
  Block& block = *Block::current;
  if (reinterpret_cast<std::uintptr_t>(from) % bytes != 0)
    block.fail("the source of a copy of " + std::to_string(bytes) + " bytes is not aligned to them",
               "use smaller steps");
  Shared<T>::judge(block.memory().claim(to.address(index), bytes, block.now(), true), "copy",
                   index);
  Thread& thread = block.thread();
  thread.copies.push_back({to.address(index), from, bytes, valid, thread.group});
}

inline void commit_copies() { ++Block::current->thread().group; }

inline void wait_for_copies(unsigned pending) {
  Block& block = *Block::current;
  Thread& thread = block.thread();
  std::erase_if(thread.copies, [&](PendingCopy const& copy) {
    // Copies that no commit has closed are not waited for.
    if (copy.group + pending >= thread.group) return false;
    std::byte const zeros[16] = {};
    Shared<std::uint16_t>::judge(
        block.memory().write(copy.to, copy.valid ? copy.from : zeros, copy.bytes, block.now()),
        "copy", static_cast<int>(copy.to / 2));
    return true;
  });
}

}  // namespace vlsm::emulation
