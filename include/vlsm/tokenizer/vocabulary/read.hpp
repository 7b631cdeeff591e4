// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "vlsm/base/error.hpp"

namespace vlsm::tokenizer {

/// The most that a vocabulary file may have, packed or not. The real ones have 0.5 to 4 MB.
inline constexpr std::size_t largest_vocabulary_file = std::size_t{64} << 20;

/// A whole file. Throws vlsm::Error if it cannot be read or has more than 64 MiB.
inline std::string read_vocabulary_file(std::filesystem::path const& path) {
  std::string const where = path.string();
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed))
    throw Error("this is not a file", where, "give a vocabulary file or the folder it is in");
  auto const size = std::filesystem::file_size(path, failed);
  if (failed)
    throw Error("the file cannot be read (" + failed.message() + ")", where,
                "check its permissions");
  if (size > largest_vocabulary_file)
    throw Error(
        "the file has " + std::to_string(size) + " bytes, more than any vocabulary (64 MiB)", where,
        "give the vocabulary of a tokenizer");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in) throw Error("the file cannot be read", where, "check its permissions");
  return bytes;
}

}  // namespace vlsm::tokenizer
