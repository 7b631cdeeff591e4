// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"

// What folders hold.
namespace vlsm::io {

/// Whether a folder is there.
inline bool is_folder(std::filesystem::path const& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}
/// Whether a file is there.
inline bool is_file(std::filesystem::path const& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

/// Throws Error, with what to do about it, where there is no such folder.
inline void check_folder(std::filesystem::path const& path, std::string const& remedy) {
  if (!is_folder(path)) throw Error("there is no such folder", path.string(), remedy);
}

/// Whether a path is a symlink that leads to nothing: git-annex and DVC keep pictures so until they
/// are fetched.
inline bool is_dangling(std::filesystem::path const& path) {
  std::error_code ignored;
  return std::filesystem::is_symlink(path, ignored) && !std::filesystem::exists(path, ignored);
}

/// Throws Error, which names the first and how many, for symlinks among these files that lead to
/// nothing.
inline void check_links(std::vector<std::filesystem::path> const& files) {
  std::size_t count = 0;
  std::string first;
  for (std::filesystem::path const& file : files)
    if (is_dangling(file) && ++count == 1) first = file.string();
  if (count > 0)
    throw Error(count == 1 ? "a symlink leads to nothing"
                           : std::to_string(count) + " symlinks lead to nothing, the first",
                first, "fetch what they lead to (git annex get, dvc pull), or take them out");
}

/// The names of the files, or of the `folders`, that a folder holds itself, in natural order (2
/// before 10); hidden ones and __MACOSX are left out. A symlink that leads to nothing counts as a
/// file. Throws Error where the folder cannot be read.
inline std::vector<std::string> names_in(std::filesystem::path const& folder, bool folders) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator one(folder, failed), end; !failed && one != end;
       one.increment(failed)) {
    std::error_code ignored;
    std::string name = one->path().filename().string();
    if (name.starts_with('.') || name == "__MACOSX") continue;
    if (folders ? one->is_directory(ignored)
                : one->is_regular_file(ignored) || is_dangling(one->path()))
      names.push_back(std::move(name));
  }
  if (failed)
    throw Error("the folder cannot be read (" + failed.message() + ")", folder.string(),
                "check that it exists and may be read");
  std::ranges::sort(names, strings::natural_less);
  return names;
}
/// The files of a folder, as names_in has them.
inline std::vector<std::string> files_in(std::filesystem::path const& folder) {
  return names_in(folder, false);
}
/// The folders in a folder, as names_in has them.
inline std::vector<std::string> folders_in(std::filesystem::path const& folder) {
  return names_in(folder, true);
}

/// The file or folder of this name; where there is none, the one that differs from it in capitals
/// alone.
inline std::filesystem::path in_any_case(std::filesystem::path const& path) {
  if (is_file(path) || is_folder(path) || !is_folder(path.parent_path())) return path;
  std::string const wanted = strings::lower_case(path.filename().string());
  for (auto const& names : {files_in(path.parent_path()), folders_in(path.parent_path())})
    for (std::string const& name : names)
      if (strings::lower_case(name) == wanted) return path.parent_path() / name;
  return path;
}

}  // namespace vlsm::io
