// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace vlsm::emulation {

/// When and by whom shared memory was touched. __syncthreads counts `barrier` up for the block,
/// __syncwarp counts `sync` up for one warp; the two are all that orders threads.
struct Access {
  static constexpr std::uint16_t several = 0xffff;
  std::uint32_t barrier = 0, sync = 0;
  std::uint16_t thread = 0, warp = 0;

  bool is_before(Access const& now) const {
    return barrier < now.barrier || thread == now.thread || (warp == now.warp && sync < now.sync);
  }
};

/// A block's shared memory, and for each two bytes of it the last write and the reads since.
class SharedMemory {
 public:
  enum class Verdict : std::uint8_t { good, outside, uninitialized, race };
  static constexpr std::size_t grain = 2;

  /// Fresh memory for a block whose first barrier number is `epoch`: what was written before it
  /// counts as never written. The bytes are NaN in every format.
  void begin(std::size_t bytes, std::uint32_t epoch) {
    bytes_.assign(bytes, std::byte{0xff});
    if (marks_.size() < (bytes + 1) / grain) marks_.resize((bytes + 1) / grain);
    epoch_ = epoch;
  }

  std::size_t size() const { return bytes_.size(); }
  /// The other thread of the last race.
  unsigned other() const { return other_; }

  Verdict read(std::size_t at, void* to, std::size_t count, Access const& now) {
    if (at + count > bytes_.size()) return Verdict::outside;
    for (std::size_t i = at / grain; i < (at + count) / grain; ++i) {
      Mark& mark = marks_[i];
      if (mark.write.barrier < epoch_ || mark.in_flight) return Verdict::uninitialized;
      if (!mark.write.is_before(now)) return race(mark.write);
      add_reader(mark.read, now);
    }
    std::memcpy(to, bytes_.data() + at, count);
    return Verdict::good;
  }

  Verdict write(std::size_t at, void const* from, std::size_t count, Access const& now) {
    Verdict const verdict = claim(at, count, now, false);
    if (verdict == Verdict::good) std::memcpy(bytes_.data() + at, from, count);
    return verdict;
  }

  /// A write that is done later: till then nobody may read here.
  Verdict claim(std::size_t at, std::size_t count, Access const& now, bool in_flight) {
    if (at + count > bytes_.size()) return Verdict::outside;
    for (std::size_t i = at / grain; i < (at + count) / grain; ++i) {
      Mark& mark = marks_[i];
      if (!mark.write.is_before(now)) return race(mark.write);
      if (!mark.read.is_before(now)) return race(mark.read);
      mark.write = now;
      mark.in_flight = in_flight;
    }
    return Verdict::good;
  }

 private:
  struct Mark {
    Access write, read;
    bool in_flight = false;
  };

  Verdict race(Access const& earlier) {
    other_ = earlier.thread;
    return Verdict::race;
  }

  // Of all the reads since the last barrier one record is enough: who reads alone may write, and a
  // warp that read alone may write after it met.
  static void add_reader(Access& read, Access const& now) {
    if (read.barrier < now.barrier || read.thread == now.thread) {
      read = now;
    } else if (read.warp != now.warp) {
      read.thread = read.warp = Access::several;
    } else if (read.sync < now.sync) {
      read = now;
    } else {
      read.thread = Access::several;
    }
  }

  std::vector<std::byte> bytes_;
  std::vector<Mark> marks_;
  std::uint32_t epoch_ = 0;
  unsigned other_ = 0;
};

}  // namespace vlsm::emulation
