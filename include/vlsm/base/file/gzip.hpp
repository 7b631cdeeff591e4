// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vlsm/base/file/crc32.hpp"
#include "vlsm/base/file/inflate.hpp"

namespace vlsm::io {

/// Where the DEFLATE stream of a gzip file (RFC 1952) begins; 0 if the header is damaged.
inline std::size_t gzip_header(std::string_view file) {
  if (file.size() < 18 || !file.starts_with("\x1f\x8b\x08")) return 0;
  auto const flags = static_cast<unsigned char>(file[3]);
  std::size_t at = 10;
  if (flags & 0x04) {
    auto const low = static_cast<unsigned char>(file[10]),
               high = static_cast<unsigned char>(file[11]);
    at += 2 + low + 256u * high;
  }
  for (unsigned text : {0x08u, 0x10u}) {  // file name, comment
    if (!(flags & text)) continue;
    at = at < file.size() ? file.find('\0', at) : std::string_view::npos;
    if (at == std::string_view::npos) return 0;
    ++at;
  }
  if (flags & 0x02) at += 2;
  return at + 8 <= file.size() ? at : 0;
}

/// What a gzip file holds, or nothing if it is damaged, cut off, or says that it holds more than
/// `limit` bytes. One member is read, which is all that the program gzip writes.
inline std::optional<std::string> gunzip(std::string_view file, std::size_t limit) {
  std::size_t const start = gzip_header(file);
  if (start == 0 || file.size() > limit) return std::nullopt;
  auto const little = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(file[at + i]);
    return value;
  };
  std::size_t const trailer = file.size() - 8, size = little(trailer + 4);
  if (size > limit) return std::nullopt;
  std::string out(size, '\0');
  // The trailer is handed over too: stb's inflate wants to look a few bits beyond the last code.
  auto const unpacked = inflate(file.substr(start), out.data(), size);
  if (unpacked.state != Inflated::State::done || unpacked.written != size) return std::nullopt;
  if (crc32(std::as_bytes(std::span(out))) != little(trailer)) return std::nullopt;
  return out;
}

}  // namespace vlsm::io
