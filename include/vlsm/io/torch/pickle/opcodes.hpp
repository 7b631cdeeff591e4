// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

/// The opcodes of pickle protocols 0 to 5 by the names of CPython's Lib/pickletools.py. Left out on
/// purpose, so refused: the extension registry (EXT1, EXT2, EXT4), text persistent ids (PERSID) and
/// out-of-band buffers (NEXT_BUFFER, READONLY_BUFFER).
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
                              new_obj_ex = 0x92, inst = 'i', obj = 'o', build = 'b',
                              bin_pers_id = 'Q';

}  // namespace vlsm::io::opcode
