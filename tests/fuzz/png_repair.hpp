// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "fuzz/fuzz.hpp"
#include "vlsm/image/png_chunks.hpp"

/// libFuzzer's own ways of changing an input.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace vlsm::fuzz {

/// Makes the checksums of a PNG's chunks right again: else no changed chunk would get further.
inline void repair_png(std::uint8_t* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  if (!detail::is_png(bytes)) return;
  for (std::size_t at = detail::png_signature.size(); size - at >= detail::png_frame;) {
    std::size_t const length = detail::big_endian(bytes, at);
    if (length > size - at - detail::png_frame) return;
    std::uint32_t const crc = io::crc32(std::as_bytes(std::span(bytes.substr(at + 4, 4 + length))));
    for (std::size_t i = 0; i < 4; ++i)
      data[at + 8 + length + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
    at += detail::png_frame + length;
  }
}

/// A changed input; of 16 one keeps wrong checksums.
inline std::size_t mutate_png(std::uint8_t* data, std::size_t size, std::size_t most,
                              unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  if (seed % 16 != 0) repair_png(data, size);
  return size;
}

}  // namespace vlsm::fuzz

extern "C" inline std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                      std::size_t most, unsigned seed) {
  return vlsm::fuzz::mutate_png(data, size, most, seed);
}
