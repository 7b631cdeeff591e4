// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vlsm/image/exif.hpp"

// The outer layer of a JPEG file (ITU T.81, annex B): its segments.
namespace vlsm::detail {

/// The most scans of a JPEG file: a decoder goes through the whole picture once a scan, so a small
/// file of many would take minutes.
inline constexpr int most_jpeg_scans = 100;

/// Whether these bytes begin as a JPEG file does.
inline bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

/// A frame header (SOF) by its marker: all of C0 to CF but DHT, JPG and DAC.
inline bool begins_frame(unsigned marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/// Calls `see(marker, at)` for each segment, `at` being where its length stands, until it says no
/// or the file ends. Bytes between segments, which are the data of a scan, are passed over. Returns
/// whether the end marker was met. `bytes` needs size() and byte(at), a number.
template <class Bytes, class See>
bool each_segment(Bytes&& bytes, See see) {
  std::size_t const size = bytes.size();
  for (std::size_t at = 2; at + 1 < size;) {
    at = bytes.find_ff(at);
    if (at + 1 >= size) return false;
    unsigned const marker = bytes.byte(at + 1);
    if (marker == 0xd9) return true;
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    at += 2;
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8))
      continue;  // in the data of a scan, or alone
    if (size - at < 2 || !see(marker, at)) return false;
    at += bytes.byte(at) << 8 | bytes.byte(at + 1);  // beyond the end nothing is found
  }
  return false;
}

/// A JPEG file in memory.
class JpegBytes {
 public:
  explicit JpegBytes(std::string_view bytes) : bytes_(bytes) {}
  std::size_t size() const { return bytes_.size(); }
  unsigned byte(std::size_t at) const { return static_cast<unsigned char>(bytes_[at]); }
  std::size_t find_ff(std::size_t from) const {
    return std::min(bytes_.find('\xff', from), size());
  }
  /// What a segment holds behind its length.
  std::string_view segment(std::size_t at) const {
    std::size_t const length = byte(at) << 8 | byte(at + 1);
    return bytes_.substr(at + 2, length < 2 ? 0 : length - 2);
  }

 private:
  std::string_view bytes_;
};

/// Whether the Huffman tables of a DHT segment are such: at most 256 codes, no more of a length
/// than there can be, all there. (stb_image writes beyond its own table where they are not.)
inline bool sound_huffman_tables(std::string_view tables) {
  while (!tables.empty()) {
    constexpr std::size_t counts = 16;
    auto const kind = static_cast<unsigned char>(tables[0]);
    if (tables.size() < 1 + counts || kind >> 4 > 1 || (kind & 15) > 3) return false;
    std::size_t codes = 0;
    std::uint32_t room = 1;  // codes left of the present length
    for (std::size_t i = 1; i <= counts; ++i) {
      auto const count = static_cast<unsigned char>(tables[i]);
      room *= 2;
      if (count > room) return false;
      room -= count, codes += count;
    }
    if (codes > 256 || tables.size() < 1 + counts + codes) return false;
    tables.remove_prefix(1 + counts + codes);
  }
  return true;
}

/// What a frame header says.
struct JpegFrame {
  unsigned marker = 0;  ///< 0xc0 baseline, 0xc2 progressive, from 0xc9 on arithmetic coding …
  std::size_t height = 0, width = 0;
  int bits = 0, channels = 0;
  bool adobe = false;  ///< Adobe's segment says which colors four channels are
  int orientation = 1;

  bool arithmetic() const { return marker >= 0xc9; }
};

/// Reads the segments up to the first scan; a marker of 0 where no frame is found.
template <class Bytes>
JpegFrame jpeg_frame(Bytes&& bytes) {
  JpegFrame frame;
  each_segment(bytes, [&](unsigned marker, std::size_t at) {
    if (marker == 0xda) return false;
    constexpr std::string_view exif("Exif\0\0", 6);
    bool const looked_at = begins_frame(marker) || marker == 0xe1 || marker == 0xee;
    if (!looked_at) return true;
    auto const kept = bytes.segment(at);
    std::string_view const data = kept;
    auto const number = [&](std::size_t i) { return static_cast<unsigned char>(data[i]); };
    if (begins_frame(marker) && data.size() >= 6 && frame.marker == 0) {
      frame.marker = marker;
      frame.bits = number(0), frame.channels = number(5);
      frame.height = number(1) << 8 | number(2), frame.width = number(3) << 8 | number(4);
    } else if (marker == 0xee && data.starts_with("Adobe") && data.size() >= 12) {
      frame.adobe = true;
    } else if (marker == 0xe1 && data.starts_with(exif) && frame.orientation == 1) {
      frame.orientation = exif_orientation(data.substr(exif.size()));
    }
    return true;
  });
  return frame;
}

}  // namespace vlsm::detail
