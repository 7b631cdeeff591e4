// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/io/checkpoint_folder.hpp"
#include "vlsm/io/file_format.hpp"
#include "vlsm/io/find_weights.hpp"

// All the files that a path of weights stands for.
namespace vlsm::io {

/// The file of weights at `path`, or an index and the parts that it lists. Throws Error as
/// find_weights does, and for a damaged index.
inline std::vector<std::filesystem::path> weights_files(std::filesystem::path const& path) {
  std::vector<std::filesystem::path> files{find_weights(path).path};
  if (files[0].string().ends_with(".index.json"))
    for (auto const& part : detail::read_index(files[0]))
      files.push_back(files[0].parent_path() / part.first);
  return files;
}

/// Throws Error where the weights at `path` are not there or are not weights at all (a Git LFS
/// pointer, a web page): what can be told without reading them.
inline void check_weights(std::filesystem::path const& path) {
  std::vector<std::filesystem::path> const files = weights_files(path);
  for (std::size_t i = files.size() > 1 ? 1 : 0; i < files.size(); ++i) {
    auto const mapped = MappedFile::open(files[i]);
    recognize_format(mapped->bytes(), mapped->path());
  }
}

}  // namespace vlsm::io
