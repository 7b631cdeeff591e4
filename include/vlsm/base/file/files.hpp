// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "vlsm/base/error.hpp"

namespace vlsm::io {

/// All bytes of a file; nothing where there is none, where it is a folder, and where it cannot be
/// read to its end. For the small files that are parsed as a whole; MappedFile is for weights.
inline std::optional<std::string> read_whole_file(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(path, ignored)) return std::nullopt;
  std::string bytes;
  std::array<char, 65536> part;
  while (in.read(part.data(), part.size()) || in.gcount() > 0)
    bytes.append(part.data(), static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return std::nullopt;
  return bytes;
}

/// Whether two paths lead to one file or folder, however they are written. False where one of them
/// leads nowhere.
inline bool is_same_file(std::filesystem::path const& a, std::filesystem::path const& b) {
  std::error_code failed;
  return std::filesystem::equivalent(a, b, failed) && !failed;
}

/// Whether a file, whether it is there or not, lies directly in a folder, however the two paths are
/// written; a name alone lies in the current folder. False where one of the folders is not there.
inline bool lies_directly_in(std::filesystem::path const& file,
                             std::filesystem::path const& folder) {
  return is_same_file(file.has_parent_path() ? file.parent_path() : ".", folder);
}

/// Throws Error where a folder cannot be read: what it lacks, nobody knows.
inline void check_readable(std::filesystem::path const& folder) {
  std::error_code failed;
  std::filesystem::directory_iterator const look(folder, failed);
  if (failed)
    throw Error("the folder cannot be read (" + failed.message() + ")", folder.string(),
                "check its permissions");
}

/// Throws Error where a file that begins with `start` is a Git LFS pointer: what a clone leaves in
/// its place where Git LFS is not installed.
inline void refuse_lfs_pointer(std::string_view start, std::string const& path) {
  if (start.starts_with("version https://git-lfs"))
    throw Error("this is a Git LFS pointer, not the file itself", path,
                "download the file itself (git lfs pull)");
}

/// Makes a folder, and those that it is in, where there is none. Throws Error with `remedy` where
/// that fails.
inline void make_folder(std::filesystem::path const& path, std::string_view remedy) {
  std::error_code failed, ignored;
  std::filesystem::create_directories(path, failed);
  if (!std::filesystem::is_directory(path, ignored))
    throw Error("the folder cannot be made (" +
                    (failed ? failed.message() : std::string("a file is in the way")) + ")",
                path.string(), remedy);
}

}  // namespace vlsm::io
