// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vlsm/base/strings.hpp"
#include "vlsm/io/torch/pickle/cursor.hpp"
#include "vlsm/io/torch/pickle/machine.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"

/// The opcodes of pickle protocols 0 to 5 by the names of CPython's Lib/pickletools.py. Left out on
/// purpose, so refused: the extension registry (EXT1, EXT2, EXT4) and out-of-band buffers
/// (NEXT_BUFFER, READONLY_BUFFER). Text persistent ids (PERSID) are refused by name.
namespace vlsm::io::opcode {

// Numbers and nothing.
inline constexpr std::uint8_t proto = 0x80, frame = 0x95, none = 'N', new_true = 0x88,
                              new_false = 0x89, bin_int = 'J', bin_int1 = 'K', bin_int2 = 'M',
                              long1 = 0x8a, long4 = 0x8b, long_line = 'L', int_line = 'I',
                              float_line = 'F', bin_float = 'G';
// Text and bytes.
inline constexpr std::uint8_t short_bin_unicode = 0x8c, bin_unicode = 'X', bin_unicode8 = 0x8d,
                              short_bin_string = 'U', bin_string = 'T', unicode_line = 'V',
                              string_line = 'S', short_bin_bytes = 'C', bin_bytes = 'B',
                              bin_bytes8 = 0x8e, byte_array8 = 0x96;
// Stack and containers.
inline constexpr std::uint8_t mark = '(', pop = '0', pop_mark = '1', dup = '2', stop = '.',
                              empty_tuple = ')', tuple = 't', tuple1 = 0x85, tuple2 = 0x86,
                              tuple3 = 0x87, empty_list = ']', list = 'l', append = 'a',
                              appends = 'e', empty_set = 0x8f, add_items = 0x90, frozen_set = 0x91,
                              empty_dict = '}', dict = 'd', set_item = 's', set_items = 'u';
// Memo.
inline constexpr std::uint8_t put_line = 'p', bin_put = 'q', long_bin_put = 'r', memoize = 0x94,
                              get_line = 'g', bin_get = 'h', long_bin_get = 'j';
// Classes and calls.
inline constexpr std::uint8_t global = 'c', stack_global = 0x93, reduce = 'R', new_obj = 0x81,
                              new_obj_ex = 0x92, inst = 'i', obj = 'o', build = 'b', pers_id = 'P',
                              bin_pers_id = 'Q';

}  // namespace vlsm::io::opcode

namespace vlsm::io {

/// The opcodes that stand for one number, text or byte string each, and the two that stand for
/// nothing (PROTO, FRAME).
class PickleLiterals {
 public:
  PickleLiterals(PickleCursor& cursor, PickleMachine& machine)
      : cursor_(cursor), machine_(machine) {}

  /// Pushes the value of `op`, or returns false where that is another kind of opcode. Throws Error.
  bool push(std::uint8_t op) { return number(op) || text(op); }

 private:
  bool number(std::uint8_t op) {
    // clang-format off
    switch (op) {
      case opcode::proto: check_protocol(); break;
      case opcode::frame: cursor_.frame(); break;
      case opcode::none: machine_.push(0); break;
      case opcode::new_true: machine_.push_new(true); break;
      case opcode::new_false: machine_.push_new(false); break;
      case opcode::bin_int: push_int(cursor_.number<std::int32_t>()); break;
      case opcode::bin_int1: push_int(cursor_.number<std::uint8_t>()); break;
      case opcode::bin_int2: push_int(cursor_.number<std::uint16_t>()); break;
      case opcode::long1: long_bytes(cursor_.number<std::uint8_t>()); break;
      case opcode::long4: long_bytes(cursor_.number<std::uint32_t>()); break;
      case opcode::long_line: push_int(cursor_.line_number()); break;
      case opcode::int_line: int_line(); break;
      case opcode::float_line: float_line(); break;
      case opcode::bin_float: machine_.push_new(cursor_.big_endian_double()); break;
      default: return false;
    }
    // clang-format on
    return true;
  }

  bool text(std::uint8_t op) {
    // clang-format off
    switch (op) {
      case opcode::short_bin_unicode:
      case opcode::short_bin_string: push_text(cursor_.number<std::uint8_t>()); break;
      case opcode::bin_unicode: push_text(cursor_.number<std::uint32_t>()); break;
      case opcode::bin_string: push_text(signed_length()); break;
      case opcode::bin_unicode8: push_text(cursor_.number<std::uint64_t>()); break;
      case opcode::unicode_line: machine_.push_new(std::string(cursor_.line())); break;
      case opcode::string_line: quoted_line(); break;
      case opcode::short_bin_bytes: push_bytes(cursor_.number<std::uint8_t>()); break;
      case opcode::bin_bytes: push_bytes(cursor_.number<std::uint32_t>()); break;
      case opcode::bin_bytes8:
      case opcode::byte_array8: push_bytes(cursor_.number<std::uint64_t>()); break;
      default: return false;
    }
    // clang-format on
    return true;
  }

  void check_protocol() {
    if (cursor_.number<std::uint8_t>() > 5) cursor_.fail("the pickle protocol is newer than 5");
  }

  void push_int(std::int64_t value) { machine_.push_new(value); }
  void push_text(std::uint64_t length) { machine_.push_new(std::string(cursor_.take(length))); }
  void push_bytes(std::uint64_t length) {
    machine_.push_new(PickleBytes{std::string(cursor_.take(length))});
  }
  void float_line() {
    auto const value = vlsm::strings::parse_number<double>(cursor_.line());
    if (!value) cursor_.fail("a float is no number");
    machine_.push_new(*value);
  }

  std::uint64_t signed_length() {
    auto const length = cursor_.number<std::int32_t>();
    if (length < 0) cursor_.fail("a string has a negative length");
    return static_cast<std::uint64_t>(length);
  }

  // Little-endian two's complement of any length.
  void long_bytes(std::uint64_t length) {
    std::string_view const bytes = cursor_.take(length);
    if (length > 8) return machine_.push_new(PickleBigInt{std::string(bytes)});
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    bool const negative = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80);
    if (negative && length < 8) value |= ~std::uint64_t{0} << (8 * length);
    push_int(static_cast<std::int64_t>(value));
  }

  // Protocol 0 writes True and False as the integers 01 and 00.
  void int_line() {
    std::size_t const before = cursor_.offset();
    std::int64_t const value = cursor_.line_number();
    bool const two_digits = cursor_.offset() - before == 3;
    if (two_digits && (value == 0 || value == 1)) return machine_.push_new(value == 1);
    push_int(value);
  }

  // Escapes are left as they are: no key or class name has any.
  void quoted_line() {
    std::string_view const line = cursor_.line();
    if (line.size() < 2 || line.front() != line.back() || (line[0] != '\'' && line[0] != '"'))
      cursor_.fail("a string is not in quotes");
    machine_.push_new(std::string(line.substr(1, line.size() - 2)));
  }

  PickleCursor& cursor_;
  PickleMachine& machine_;
};

}  // namespace vlsm::io
