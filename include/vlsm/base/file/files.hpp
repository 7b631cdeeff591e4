// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>

namespace vlsm::io {

/// All bytes of a file; nothing where there is none, where it is a folder, and where it may not be
/// read. For the small files that are parsed as a whole; MappedFile is for weights.
inline std::optional<std::string> read_whole_file(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(path, ignored)) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Whether two paths lead to one file or folder, however they are written. False where one of them
/// leads nowhere.
inline bool is_same_file(std::filesystem::path const& a, std::filesystem::path const& b) {
  std::error_code failed;
  return std::filesystem::equivalent(a, b, failed) && !failed;
}

}  // namespace vlsm::io
