// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace tool::serve {

/// A line for a client: files in `folder` are named as seen from there, since where the folder is
/// concerns this machine alone.
inline std::string below(std::filesystem::path const& folder, std::string line) {
  std::string const prefix = (folder / "").string();
  for (std::size_t at = 0; prefix != "" && (at = line.find(prefix, at)) != std::string::npos;)
    line.erase(at, prefix.size());
  return line;
}

}  // namespace tool::serve
