// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/tokenizer/vocabulary/pieces.hpp"

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
  io::refuse_lfs_pointer(bytes, where);
  return bytes;
}

/// What to do about a file whose text is not valid JSON.
inline constexpr std::string_view fetch_json = "the file is damaged or cut off; fetch it again";

/// The member of this name; null if there is none, or if `object` is something else.
inline nlohmann::json const& json_member(nlohmann::json const& object, char const* name) {
  static nlohmann::json const nothing;
  if (!object.is_object()) return nothing;
  auto const found = object.find(name);
  return found != object.end() ? *found : nothing;
}

/// The id of a piece. Throws vlsm::Error unless it is a whole number that fits (see checked_id).
inline std::int32_t json_id(nlohmann::json const& id, std::string_view piece,
                            std::string const& where) {
  if (!id.is_number_integer())
    throw Error("the id of " + in_quotes(piece) + " is not a whole number", where,
                "the file is damaged or no vocabulary; fetch it again");
  bool const huge = id.is_number_unsigned() && id.get<std::uint64_t>() > (std::uint64_t{1} << 62);
  return checked_id(huge ? std::numeric_limits<std::int64_t>::max() : id.get<std::int64_t>(), piece,
                    where);
}

}  // namespace vlsm::tokenizer
