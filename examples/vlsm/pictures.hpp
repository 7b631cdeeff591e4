// SPDX-License-Identifier: MIT
#pragma once

#include <glob.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "marked_png.hpp"
#include "vlsm/base/error.hpp"

namespace tool {

/// Whether a folder's entry is a file that a person would see: macOS leaves a hidden `._scan.png`
/// beside every scan.png that it copies, and a folder may be named like a picture.
inline bool is_seen_file(std::filesystem::path const& path) {
  std::error_code ignored;
  return !path.filename().string().starts_with(".") &&
         std::filesystem::is_regular_file(path, ignored);
}

/// The pictures that the words of --image name: files as they are, of a folder all PNG and JPEG
/// files in order of their names, of a pattern (`scans/*.png`) the files that it matches; hidden
/// ones, and masks that were found in an earlier run, only where they are named. A file whose name
/// looks like a pattern is meant itself. Throws vlsm::Error where nothing is found.
inline std::vector<std::string> find_pictures(std::vector<std::string> const& words) {
  std::vector<std::string> pictures;
  for (std::string const& word : words) {
    std::size_t const before = pictures.size();
    std::error_code ignored;
    if (std::filesystem::is_directory(word, ignored)) {
      for (auto const& entry : std::filesystem::directory_iterator(word, ignored)) {
        std::string ending = entry.path().extension().string();
        std::ranges::transform(ending, ending.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if ((ending == ".png" || ending == ".jpg" || ending == ".jpeg") &&
            is_seen_file(entry.path()) && !is_marked_png(entry.path()))
          pictures.push_back(entry.path().string());
      }
      std::sort(pictures.begin() + static_cast<std::ptrdiff_t>(before), pictures.end());
      if (pictures.size() == before)
        throw vlsm::Error("the folder holds no pictures", word,
                          "name files, or a folder of .png, .jpg or .jpeg files");
    } else if (!std::filesystem::exists(word, ignored) &&
               word.find_first_of("*?[") != std::string::npos) {
      glob_t found{};
      if (::glob(word.c_str(), 0, nullptr, &found) == 0)
        std::copy_if(found.gl_pathv, found.gl_pathv + found.gl_pathc, std::back_inserter(pictures),
                     [](char const* path) {
                       return !std::filesystem::is_directory(path) && !is_marked_png(path);
                     });
      ::globfree(&found);
      if (pictures.size() == before)
        throw vlsm::Error("no file matches", word, "check the folder and the pattern");
    } else {
      pictures.push_back(word);
    }
  }
  return pictures;
}

}  // namespace tool
