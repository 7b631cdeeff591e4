// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/base/file/crc32.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/io/torch/zip/directory.hpp"

namespace vlsm::io {

/// A zip archive whose entries are read in place. Compressed entries may be present, but reading
/// one throws: torch stores everything, and without inflating there are no zip bombs.
class ZipArchive {
 public:
  /// Checks the whole directory: sizes, offsets, overlaps, duplicate names. Throws Error.
  explicit ZipArchive(std::shared_ptr<MappedFile const> file)
      : file_(std::move(file)), entries_(read_zip_directory(file_->bytes(), file_->path())) {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (!by_name_.emplace(entries_[i].name, i).second)
        throw Error("the archive holds two entries " + shown(entries_[i].name), file_->path(),
                    "write the archive again");
  }

  std::vector<ZipEntry> const& entries() const { return entries_; }
  MappedFile const& file() const { return *file_; }
  /// Keeps the bytes of an entry alive; see owner_of.
  std::shared_ptr<void> owner(std::span<std::byte const> bytes) const {
    return owner_of(file_, bytes);
  }

  /// The entry of that exact name, or nullptr.
  ZipEntry const* find(std::string_view name) const {
    auto const found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &entries_[found->second];
  }

  /// The bytes of an entry, unchecked: the CRC of gigabytes of weights would cost a pass over them.
  /// Throws Error where the entry is compressed.
  std::span<std::byte const> bytes(ZipEntry const& entry) const {
    if (entry.method != 0)
      throw Error("the entry " + shown(entry.name) + " is compressed", file_->path(),
                  "store the entries uncompressed, as torch.save does");
    return file_->bytes().subspan(entry.begin, entry.stored_size);
  }

  /// The bytes of an entry whose CRC-32 was checked: for the small ones that say how the rest is
  /// read. Throws Error where the entry is compressed or its CRC does not fit.
  std::span<std::byte const> checked_bytes(ZipEntry const& entry) const {
    std::span<std::byte const> const content = bytes(entry);
    if (crc32(content) != entry.crc)
      throw Error("the entry " + shown(entry.name) + " is damaged (its CRC does not fit)",
                  file_->path(), "download or copy the file again");
    return content;
  }

 private:
  std::shared_ptr<MappedFile const> file_;
  std::vector<ZipEntry> entries_;
  std::unordered_map<std::string_view, std::size_t> by_name_;  // views of the names in entries_
};

}  // namespace vlsm::io
