// SPDX-License-Identifier: MIT
#pragma once

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "common.hpp"
#include "marked_png.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/folders.hpp"
#include "vlsm/image/read.hpp"

namespace tool {

/// The pictures of a folder, in order of their names; hidden files are none: macOS leaves a
/// `._scan.png` beside every scan.png that it copies. Throws vlsm::Error.
inline std::vector<std::string> pictures_in(std::string const& folder) {
  std::vector<std::filesystem::path> pictures;
  std::vector<std::string> others;
  for (std::string const& name : vlsm::io::files_in(folder)) {
    std::filesystem::path const path = std::filesystem::path(folder) / name;
    if (!vlsm::is_picture_name(name))
      others.push_back(name);
    else if (!is_marked_png(path))
      pictures.push_back(path);
  }
  if (pictures.empty())
    throw vlsm::Error("the folder holds no pictures", folder,
                      "name files, or a folder of .png, .jpg or .tif files");
  vlsm::io::check_links(pictures);
  if (!others.empty())
    notice(folder + ": " + std::to_string(others.size()) + " of its files, first " + others[0] +
           ", are no .png, .jpg or .tif, and not read");
  return {pictures.begin(), pictures.end()};
}

/// The files that a pattern matches. Throws vlsm::Error.
inline std::vector<std::string> matches_of(std::string const& pattern) {
  static std::string unread, why;  // of the folder that glob could not read
  unread.clear();
  auto const stop = [](char const* path, int error) {
    bool const matters = error != ENOENT && error != ENOTDIR;  // "*/x.png" beside files
    if (matters) unread = path, why = std::strerror(error);
    return matters ? 1 : 0;
  };
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, stop, &found) == 0)
    std::copy_if(found.gl_pathv, found.gl_pathv + found.gl_pathc, std::back_inserter(files),
                 [](char const* path) {
                   std::error_code ignored;
                   return !std::filesystem::is_directory(path, ignored) && !is_marked_png(path);
                 });
  ::globfree(&found);
  if (!unread.empty())
    throw vlsm::Error("the folder cannot be read (" + why + ")", unread, "check its permissions");
  if (files.empty())
    throw vlsm::Error("no file matches", pattern, "check the folder and the pattern");
  return files;
}

/// The pictures that the words of --image name: files as they are, of a folder all pictures in
/// order of their names, of a pattern (`scans/*.png`) the files that it matches; hidden ones, and
/// masks that were found in an earlier run, only where they are named. A file whose name looks like
/// a pattern is meant itself. Throws vlsm::Error where nothing is found, and where a folder cannot
/// be read.
inline std::vector<std::string> find_pictures(std::vector<std::string> const& words) {
  std::vector<std::string> pictures;
  for (std::string const& word : words) {
    std::error_code ignored;
    if (std::filesystem::is_directory(word, ignored))
      std::ranges::copy(pictures_in(word), std::back_inserter(pictures));
    else if (!std::filesystem::exists(word, ignored) &&
             word.find_first_of("*?[") != std::string::npos)
      std::ranges::copy(matches_of(word), std::back_inserter(pictures));
    else
      pictures.push_back(word);
  }
  return pictures;
}

}  // namespace tool
