// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/data/folder_dataset.hpp"

namespace vlsm {

/// Hashes of what a training or a test reads, by which other contents are told apart. A file is
/// read once while its size and time stay.
class Contents {
 public:
  /// Of what rows of a split say, in all levels, and, with `files`, of their pictures and masks:
  /// the bytes, since a mask that is mended may keep its size. Throws Error where a file cannot be
  /// read.
  std::string of(FolderDataset const& data, std::vector<std::size_t> const& rows, bool files) {
    ContentHash hash;
    for (std::size_t const i : rows) {
      Annotation const& row = data.row(i);
      for (std::string const& name : {row.image, row.mask}) hash = content_hash(name, hash);
      for (auto const& [level, sentences] : row.prompts) {
        hash = content_hash(level, hash);
        for (std::string const& sentence : sentences) hash = content_hash(sentence, hash);
      }
      if (!files) continue;
      for (auto const& path : {data.image_path(i), data.mask_path(i)})
        hash = content_hash(of(path).text(), hash);
    }
    return hash.text();
  }

 private:
  struct Read {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type time{};
    ContentHash hash{};
  };

  ContentHash of(std::filesystem::path const& path) {
    std::error_code ignored;  // what reads the file says why
    std::uintmax_t const size = std::filesystem::file_size(path, ignored);
    auto const time = std::filesystem::last_write_time(path, ignored);
    auto const [entry, fresh] = read_.try_emplace(path.string());
    if (fresh || entry->second.size != size || entry->second.time != time)
      entry->second = {size, time, content_hash(io::MappedFile::open(path)->bytes())};
    return entry->second.hash;
  }

  std::map<std::string, Read> read_;
};

}  // namespace vlsm
