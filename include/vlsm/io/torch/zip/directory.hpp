// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"

namespace vlsm::io {

/// One entry of a zip archive. Its stored bytes are [begin, begin + stored_size) of the file.
struct ZipEntry {
  std::string name;
  std::uint64_t header = 0;  ///< offset of the local header
  std::uint64_t begin = 0;
  std::uint64_t stored_size = 0;
  std::uint64_t size = 0;  ///< after decompression
  std::uint32_t crc = 0;
  std::uint16_t method = 0;  ///< 0: stored
};

namespace detail {

// Layouts: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
// 4.3.14 and 4.3.15 (zip64 end and its locator), 4.3.16 (end), 4.5.3 (zip64 extra field).
class ZipDirectoryReader {
 public:
  ZipDirectoryReader(std::span<std::byte const> file, std::string const& path)
      : file_(file), path_(path) {}

  std::vector<ZipEntry> run() {
    find_directory();
    // 46 bytes is the shortest record: a false count cannot make us reserve memory.
    if (count_ > size_ / 46) fail("the zip directory is too short for its entries");
    std::vector<ZipEntry> entries;
    entries.reserve(count_);
    std::uint64_t at = start_;
    for (std::uint64_t i = 0; i < count_; ++i) entries.push_back(read_record(at));
    if (at != start_ + size_) fail("the zip directory has the wrong size");
    for (ZipEntry& entry : entries) check_local_header(entry);
    check_overlaps(entries);
    return entries;
  }

 private:
  [[noreturn]] void fail(std::string const& what) const {
    throw Error(what, path_, "the archive is damaged or cut off: download or copy it again");
  }

  template <typename T>
  T at(std::uint64_t offset) const {
    if (offset > file_.size() || file_.size() - offset < sizeof(T))
      fail("the zip archive ends too early");
    return load_little<T>(file_.data() + offset);
  }

  std::string text(std::uint64_t offset, std::size_t length) const {
    if (offset > file_.size() || file_.size() - offset < length)
      fail("the zip archive ends too early");
    return {reinterpret_cast<char const*>(file_.data()) + offset, length};
  }

  // The end record is the last thing in the file, before a comment of at most 65535 bytes.
  std::uint64_t find_end() const {
    if (file_.size() < 22) fail("the zip archive ends too early");
    std::uint64_t const last = file_.size() - 22;
    std::uint64_t const first = last > 65535 ? last - 65535 : 0;
    for (std::uint64_t offset = last + 1; offset-- > first;)
      if (at<std::uint32_t>(offset) == 0x06054b50u &&
          at<std::uint16_t>(offset + 20) == last - offset)
        return offset;
    fail("the zip archive has no directory at its end");
  }

  void find_directory() {
    std::uint64_t end = find_end();
    std::uint32_t disks = at<std::uint16_t>(end + 4) | at<std::uint16_t>(end + 6);
    count_ = at<std::uint16_t>(end + 10);
    size_ = at<std::uint32_t>(end + 12);
    start_ = at<std::uint32_t>(end + 16);
    if (end >= 20 && at<std::uint32_t>(end - 20) == 0x07064b50u) {
      std::uint64_t const end64 = at<std::uint64_t>(end - 12);
      if (end64 > end - 20 || end - 20 - end64 < 56 || at<std::uint32_t>(end64) != 0x06064b50u)
        fail("the zip64 directory is not where the archive says");
      disks = at<std::uint32_t>(end64 + 16) | at<std::uint32_t>(end64 + 20);
      count_ = at<std::uint64_t>(end64 + 32);
      size_ = at<std::uint64_t>(end64 + 40);
      start_ = at<std::uint64_t>(end64 + 48);
      end = end64;
    }
    if (disks != 0) fail("the zip archive is one part of several");
    auto const stop = checked_sum(start_, size_);
    if (!stop || *stop > end) fail("the zip directory reaches beyond the archive");
  }

  // One record of the directory; `offset` moves behind it.
  ZipEntry read_record(std::uint64_t& offset) const {
    if (at<std::uint32_t>(offset) != 0x02014b50u) fail("the zip directory is damaged");
    ZipEntry entry;
    if (at<std::uint16_t>(offset + 8) & 1) fail("the zip archive is encrypted");
    entry.method = at<std::uint16_t>(offset + 10);
    entry.crc = at<std::uint32_t>(offset + 16);
    entry.stored_size = at<std::uint32_t>(offset + 20);
    entry.size = at<std::uint32_t>(offset + 24);
    std::uint16_t const name = at<std::uint16_t>(offset + 28);
    std::uint16_t const extra = at<std::uint16_t>(offset + 30);
    std::uint16_t const comment = at<std::uint16_t>(offset + 32);
    entry.header = at<std::uint32_t>(offset + 42);
    entry.name = text(offset + 46, name);
    read_zip64(entry, offset + 46 + name, extra);
    offset += std::uint64_t{46} + name + extra + comment;
    if (offset > start_ + size_) fail("the zip directory has the wrong size");
    if (entry.method == 0 && entry.size != entry.stored_size)
      fail("the entry " + shown(entry.name) + " is stored but has two sizes");
    return entry;
  }

  // Fields that do not fit 32 bits stand, in this order, in the extra field of kind 1.
  void read_zip64(ZipEntry& entry, std::uint64_t offset, std::uint16_t extra) const {
    std::uint64_t const stop = offset + extra;
    while (stop - offset >= 4) {
      std::uint16_t const kind = at<std::uint16_t>(offset);
      std::uint64_t const next = offset + 4 + at<std::uint16_t>(offset + 2);
      if (next > stop) fail("an extra field of " + shown(entry.name) + " is damaged");
      offset += 4;
      if (kind == 1) {
        for (std::uint64_t* field : {&entry.size, &entry.stored_size, &entry.header}) {
          if (*field != 0xffffffffu) continue;
          if (next - offset < 8) fail("a zip64 field of " + shown(entry.name) + " is too short");
          *field = at<std::uint64_t>(offset);
          offset += 8;
        }
        return;
      }
      offset = next;
    }
  }

  void check_local_header(ZipEntry& entry) const {
    if (entry.header >= start_ || at<std::uint32_t>(entry.header) != 0x04034b50u)
      fail("the entry " + shown(entry.name) + " is not where the zip directory says");
    std::uint16_t const name = at<std::uint16_t>(entry.header + 26);
    std::uint16_t const extra = at<std::uint16_t>(entry.header + 28);
    // Two different names would let two readers see two different archives.
    if (text(entry.header + 30, name) != entry.name)
      fail("the entry " + shown(entry.name) + " has another name in its own header");
    entry.begin = entry.header + 30 + name + extra;
    auto const stop = checked_sum(entry.begin, entry.stored_size);
    if (!stop || *stop > start_)
      fail("the entry " + shown(entry.name) + " reaches beyond the archive");
  }

  // Overlapping entries are how a small zip bomb repeats one block.
  void check_overlaps(std::vector<ZipEntry> const& entries) const {
    std::vector<ZipEntry const*> order;
    for (ZipEntry const& entry : entries) order.push_back(&entry);
    std::sort(order.begin(), order.end(),
              [](ZipEntry const* a, ZipEntry const* b) { return a->header < b->header; });
    for (std::size_t i = 1; i < order.size(); ++i)
      if (order[i]->header < order[i - 1]->begin + order[i - 1]->stored_size)
        fail("the entry " + shown(order[i]->name) + " overlaps another");
  }

  std::span<std::byte const> file_;
  std::string const& path_;
  std::uint64_t start_ = 0;  // of the central directory
  std::uint64_t size_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace detail

/// The entries of a zip archive in the order of its directory, every range checked. Throws Error.
inline std::vector<ZipEntry> read_zip_directory(std::span<std::byte const> file,
                                                std::string const& path) {
  return detail::ZipDirectoryReader(file, path).run();
}

}  // namespace vlsm::io
