// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/data/folder_dataset.hpp"

namespace vlsm {

/// Hashes of what a training or a test reads, by which other contents are told apart. A file is
/// read once, like the pictures that an open data set keeps: what changes later, a later process
/// finds changed.
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
  ContentHash of(std::filesystem::path const& path) {
    auto known = hashes_.find(path.string());
    if (known == hashes_.end())
      known =
          hashes_.emplace(path.string(), content_hash(io::MappedFile::open(path)->bytes())).first;
    return known->second;
  }

  std::map<std::string, ContentHash> hashes_;
};

}  // namespace vlsm
