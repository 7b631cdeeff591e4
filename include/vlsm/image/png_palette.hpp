// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "vlsm/image/check_picture.hpp"

namespace vlsm::detail {

/// Fills the palette of a whole PNG up to 256 colours with black, as PIL does: stb would read
/// memory that was never written where a pixel names a colour beyond. A palette that ends within a
/// colour stays, for stb to refuse. The checksum is not made anew.
inline void fill_palette(std::string& bytes) {
  constexpr std::size_t full = 3 * 256, frame = 12;  // of a chunk: length, type, checksum
  for (std::size_t at = png_signature.size(); bytes.compare(at + 4, 4, "IEND") != 0;) {
    std::size_t const length = big_endian(bytes, at);
    if (bytes.compare(at + 4, 4, "PLTE") == 0 && length > 0) {
      if (length >= full || length % 3 != 0) return;
      bytes.insert(at + 8 + length, full - length, '\0');
      bytes[at + 2] = static_cast<char>(full >> 8), bytes[at + 3] = static_cast<char>(full & 0xff);
      return;
    }
    at += frame + length;
  }
}

}  // namespace vlsm::detail
