// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/base/strings.hpp"

namespace vlsm::io {

/// Reads the arguments of pickle opcodes in turn, never beyond the end of the bytes.
class PickleCursor {
 public:
  PickleCursor(std::span<std::byte const> bytes, std::string where)
      : bytes_(bytes), where_(std::move(where)) {}

  std::size_t offset() const { return at_; }
  std::size_t size() const { return bytes_.size(); }

  /// Throws Error that names the opcode being read.
  [[noreturn]] void fail(std::string const& what) const {
    throw Error(what, where_ + ", pickle offset " + std::to_string(start_),
                "the file is damaged or not a checkpoint of torch");
  }

  /// Throws Error for a pickle that is sound and not read.
  [[noreturn]] void refuse(std::string const& what) const {
    throw Error(what, where_ + ", pickle offset " + std::to_string(start_),
                "write the weights alone, in Python: torch.save(model.state_dict(), path), or as "
                "safetensors");
  }

  /// The next opcode; messages name its offset from here on.
  std::uint8_t opcode() {
    start_ = at_;
    return number<std::uint8_t>();
  }

  template <typename T>
  T number() {
    need(sizeof(T));
    T const value = load_little<T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return value;
  }

  /// BINFLOAT is the only big-endian number of a pickle.
  double big_endian_double() {
    return std::bit_cast<double>(__builtin_bswap64(number<std::uint64_t>()));
  }

  std::string_view take(std::uint64_t count) {
    need(count);
    std::string_view const text(reinterpret_cast<char const*>(bytes_.data()) + at_, count);
    at_ += count;
    return text;
  }

  /// Text up to the next newline, which is passed over.
  std::string_view line() {
    std::string_view const rest(reinterpret_cast<char const*>(bytes_.data()) + at_,
                                bytes_.size() - at_);
    std::size_t const end = rest.find('\n');
    if (end == std::string_view::npos) fail("the pickle ends inside a line");
    at_ += end + 1;
    return rest.substr(0, end);
  }

  /// A decimal integer on its own line, as protocol 0 writes them ("12" or "12L").
  std::int64_t line_number() {
    std::string_view text = line();
    if (text.ends_with('L')) text.remove_suffix(1);
    auto const value = vlsm::strings::parse_number<std::int64_t>(text);
    if (!value) fail("a number cannot be read: " + shown(text));
    return *value;
  }

  /// A frame only groups opcodes; its length is checked and otherwise of no interest.
  void frame() {
    auto const length = number<std::uint64_t>();
    if (length > bytes_.size() - at_) fail("a frame reaches beyond the pickle");
  }

 private:
  void need(std::uint64_t count) const {
    if (count > bytes_.size() - at_) fail("the pickle ends too early");
  }

  std::span<std::byte const> bytes_;
  std::string where_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
};

}  // namespace vlsm::io
