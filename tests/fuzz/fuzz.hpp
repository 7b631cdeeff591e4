// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"

/// What libFuzzer calls with each input.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace vlsm::fuzz {

/// Ends the program where `holds` is false: libFuzzer then keeps the input.
inline void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken promise: %s\n", what);
  std::abort();
}

/// Calls a reader, which may succeed or throw Error in one short line. Anything else that leaves it
/// ends the program. Whether it succeeded.
template <class Read>
bool only_errors(Read&& read) {
  try {
    read();
    return true;
  } catch (Error const& error) {
    constexpr std::size_t longest = 1000;
    std::string_view const line = error.what();
    require(line.size() <= longest, "the message of an Error is short");
    require(line.find('\n') == std::string_view::npos, "the message of an Error is one line");
    return false;
  }
}

/// Takes an input apart into numbers and texts; at its end all are 0 and empty.
class Input {
 public:
  Input(std::uint8_t const* data, std::size_t size)
      : rest_(reinterpret_cast<char const*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  unsigned byte() {
    if (rest_.empty()) return 0;
    auto const value = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }
  unsigned word() {
    unsigned const low = byte();
    return byte() << 8 | low;
  }
  /// At most `count` bytes.
  std::string_view text(std::size_t count) {
    std::string_view const taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  /// Up to the next `end`, which is passed over.
  std::string_view until(char end) {
    std::string_view const taken = text(rest_.find(end));
    if (!rest_.empty()) rest_.remove_prefix(1);
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace vlsm::fuzz
