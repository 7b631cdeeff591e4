// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Reading .gz files of unknown origin: the size of what comes out is bounded, and the checksum
// tells a damaged file. (stb_image has an inflate too, but its implementation can only stand once
// in a program.)
namespace vlsm::tokenizer {

/// Reads a DEFLATE stream (RFC 1951) into memory.
class Inflate {
 public:
  /// Reads `data`; at most `limit` bytes may come out.
  Inflate(std::string_view data, std::size_t limit) : data_(data), limit_(limit) {}

  /// The bytes, or nothing if the stream is damaged, cut off or longer than the limit.
  std::optional<std::string> run() {
    for (bool last = false; !last;) {
      last = bits(1) != 0;
      std::uint32_t const type = bits(2);
      bool good = false;
      if (type == 0) {
        good = stored();
      } else if (type < 3) {
        good = (type == 1 ? fixed_codes() : dynamic_codes()) && block();
      }
      // `need` may have filled up with zeros behind the end, but the stream must not have used
      // them.
      if (!good || ended_ || count_ < 8 * padding_) return std::nullopt;
    }
    return std::move(out_);
  }
  /// How many bytes of `data` the stream took, after run().
  std::size_t taken() const { return at_ - std::min<std::size_t>(at_, count_ / 8); }

 private:
  // Codes of up to `quick_bits` bits are found in one step; longer ones are read bit by bit.
  static constexpr unsigned quick_bits = 10;
  struct Codes {
    std::array<std::uint16_t, 1u << quick_bits>
        quick{};  ///< (symbol << 4) | length; 0: a longer code
    std::array<std::uint16_t, 16> counts{};
    std::array<std::uint16_t, 288> symbols{};

    /// Canonical Huffman codes from their lengths; false if they are too many for a prefix code.
    bool build(std::uint8_t const* lengths, std::size_t n) {
      quick.fill(0);
      counts.fill(0);
      for (std::size_t i = 0; i < n; ++i) ++counts[lengths[i]];
      counts[0] = 0;
      std::array<std::uint16_t, 17> offsets{}, next{};
      int left = 1;
      for (unsigned length = 1; length < 16; ++length) {
        left = left * 2 - counts[length];
        if (left < 0) return false;
        offsets[length + 1] = static_cast<std::uint16_t>(offsets[length] + counts[length]);
        next[length + 1] = static_cast<std::uint16_t>((next[length] + counts[length]) << 1);
      }
      for (std::size_t symbol = 0; symbol < n; ++symbol) {
        unsigned const length = lengths[symbol];
        if (length == 0) continue;
        symbols[offsets[length]++] = static_cast<std::uint16_t>(symbol);
        std::uint32_t const code = next[length]++;
        if (length > quick_bits) continue;
        std::uint32_t reversed = 0;
        for (unsigned i = 0; i < length; ++i) reversed |= ((code >> i) & 1u) << (length - 1 - i);
        for (std::uint32_t i = reversed; i < quick.size(); i += 1u << length)
          quick[i] = static_cast<std::uint16_t>((symbol << 4) | length);
      }
      return true;
    }
  };

  void need(unsigned n) {
    while (count_ < n) {
      if (at_ < data_.size()) {
        hold_ |= static_cast<std::uint64_t>(static_cast<unsigned char>(data_[at_++])) << count_;
      } else if (++padding_ > 8) {
        ended_ = true;  // the code tables may look a few bits past the end, but no further
        hold_ = 0;
        count_ = 64;
        return;
      }
      count_ += 8;
    }
  }
  std::uint32_t bits(unsigned n) {
    if (n == 0) return 0;
    need(n);
    auto const value = static_cast<std::uint32_t>(hold_ & ((std::uint64_t{1} << n) - 1));
    drop(n);
    return value;
  }
  void drop(unsigned n) {
    hold_ >>= n;
    count_ -= n;
  }
  int symbol(Codes const& codes) {
    need(15);
    std::uint16_t const quick = codes.quick[hold_ & (codes.quick.size() - 1)];
    if (quick != 0) {
      drop(quick & 15u);
      return quick >> 4;
    }
    int code = 0, first = 0, index = 0;
    for (unsigned length = 1; length < 16; ++length) {
      code |= static_cast<int>(bits(1));
      int const count = codes.counts[length];
      if (code - count < first)
        return codes.symbols[static_cast<std::size_t>(index + code - first)];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return -1;
  }
  bool stored() {
    drop(count_ % 8);
    std::uint32_t const length = bits(16);
    if ((bits(16) ^ length) != 0xffff || out_.size() + length > limit_) return false;
    for (std::uint32_t i = 0; i < length && !ended_; ++i) out_ += static_cast<char>(bits(8));
    return true;
  }
  bool fixed_codes() {
    std::array<std::uint8_t, 288> lengths{};
    for (std::size_t i = 0; i < 288; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    std::array<std::uint8_t, 30> distances{};
    distances.fill(5);
    return literals_.build(lengths.data(), 288) && distances_.build(distances.data(), 30);
  }
  bool dynamic_codes() {
    std::size_t const literals = bits(5) + 257, distances = bits(5) + 1, codes = bits(4) + 4;
    if (literals > 286 || distances > 30) return false;
    constexpr std::array<std::uint8_t, 19> order{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                 11, 4,  12, 3, 13, 2, 14, 1, 15};
    std::array<std::uint8_t, 320> lengths{};
    for (std::size_t i = 0; i < codes; ++i) lengths[order[i]] = static_cast<std::uint8_t>(bits(3));
    Codes length_codes;
    if (!length_codes.build(lengths.data(), 19)) return false;
    lengths.fill(0);
    for (std::size_t i = 0; i < literals + distances;) {
      int const code = symbol(length_codes);
      if (code < 0 || ended_) return false;
      if (code < 16) {
        lengths[i++] = static_cast<std::uint8_t>(code);
        continue;
      }
      if (code == 16 && i == 0) return false;
      std::uint8_t const value = code == 16 ? lengths[i - 1] : std::uint8_t{0};
      std::size_t const repeats = code == 16   ? 3 + bits(2)
                                  : code == 17 ? 3 + bits(3)
                                               : 11 + bits(7);
      if (i + repeats > literals + distances) return false;
      for (std::size_t k = 0; k < repeats; ++k) lengths[i++] = value;
    }
    return lengths[256] != 0 && literals_.build(lengths.data(), literals) &&
           distances_.build(lengths.data() + literals, distances);
  }
  bool block() {
    constexpr std::array<std::uint16_t, 29> length_base{3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                        15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                        67, 83, 99, 115, 131, 163, 195, 227, 258};
    constexpr std::array<std::uint8_t, 29> length_bits{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    for (;;) {
      int const code = symbol(literals_);
      if (code < 0 || ended_) return false;
      if (code < 256) {
        if (out_.size() >= limit_) return false;
        out_ += static_cast<char>(code);
        continue;
      }
      if (code == 256) return true;
      auto const which = static_cast<std::size_t>(code - 257);
      if (which >= length_base.size()) return false;
      std::size_t const length = length_base[which] + bits(length_bits[which]);
      int const far = symbol(distances_);
      if (far < 0 || far > 29) return false;
      unsigned const extra = far < 2 ? 0u : static_cast<unsigned>(far) / 2 - 1;
      std::size_t const base = far < 4 ? static_cast<std::size_t>(far) + 1
                                       : ((2u + static_cast<unsigned>(far) % 2) << extra) + 1;
      std::size_t const distance = base + bits(extra);
      if (distance > out_.size() || out_.size() + length > limit_) return false;
      // Byte by byte: a copy may run into what it has just written.
      for (std::size_t i = 0; i < length; ++i) out_ += out_[out_.size() - distance];
    }
  }

  std::string_view data_;
  std::size_t limit_, at_ = 0;
  std::uint64_t hold_ = 0;
  unsigned count_ = 0, padding_ = 0;
  bool ended_ = false;
  std::string out_;
  Codes literals_, distances_;
};

/// CRC-32 as gzip and PNG have it.
inline std::uint32_t crc32(std::string_view bytes) {
  static std::array<std::array<std::uint32_t, 256>, 4> const tables = [] {
    std::array<std::array<std::uint32_t, 256>, 4> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? 0xedb88320u : 0u);
      made[0][i] = value;
    }
    for (std::size_t i = 0; i < 256; ++i)
      for (std::size_t t = 1; t < 4; ++t)
        made[t][i] = (made[t - 1][i] >> 8) ^ made[0][made[t - 1][i] & 0xff];
    return made;
  }();
  auto const byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::uint32_t crc = 0xffffffffu;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {  // four bytes a step
    crc ^= byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    crc = tables[3][crc & 0xff] ^ tables[2][(crc >> 8) & 0xff] ^ tables[1][(crc >> 16) & 0xff] ^
          tables[0][crc >> 24];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ tables[0][(crc ^ byte(i)) & 0xff];
  return ~crc;
}

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

/// What a gzip file holds, or nothing if it is damaged, cut off, or holds more than `limit` bytes.
/// Only the first member is read; that is all that the program gzip writes.
inline std::optional<std::string> gunzip(std::string_view file, std::size_t limit) {
  std::size_t const start = gzip_header(file);
  if (start == 0) return std::nullopt;
  Inflate inflate(file.substr(start), limit);
  std::optional<std::string> out = inflate.run();
  std::size_t const end = start + inflate.taken();
  if (!out || end + 8 > file.size()) return std::nullopt;
  auto const little = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(file[at + i]);
    return value;
  };
  if (little(end) != crc32(*out) || little(end + 4) != static_cast<std::uint32_t>(out->size()))
    return std::nullopt;
  return out;
}

}  // namespace vlsm::tokenizer
