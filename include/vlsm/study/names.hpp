// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

#include "vlsm/base/strings.hpp"

namespace vlsm::study {

/// A name as a part of a folder's name: letters, digits, '-', '_' and '+' stay, others become '-'.
inline std::string folder_name(std::string_view name) {
  std::string safe(name);
  std::ranges::replace_if(
      safe,
      [](char c) {
        bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return !letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '+';
      },
      '-');
  return safe;
}

/// The last part of a path, which may end in a slash.
inline std::string name_of_folder(std::filesystem::path const& path) {
  auto const name = path.lexically_normal();
  return name.has_filename() ? name.filename().string() : name.parent_path().filename().string();
}

/// A percentage as short as it goes: "100", "0.5".
inline std::string share_text(double share) { return strings::number_text(share); }

/// What tables call rows of a picture by its names: the folder of the mask ("mask_1"), what the
/// mask's name adds to the picture's ("pleural_effusion"), or a class at the end of both
/// ("17_benign"); empty where names say nothing.
inline std::string class_of_names(std::string const& image, std::string const& mask) {
  std::filesystem::path const picture(image), drawn(mask);
  if (drawn.has_parent_path() && drawn.parent_path() != picture.parent_path())
    return drawn.parent_path().filename().string();
  std::string const stem = picture.stem().string(), name = drawn.stem().string();
  if (name.size() > stem.size() + 1 && name.starts_with(stem) && name[stem.size()] == '_')
    return name.substr(stem.size() + 1);
  std::size_t const end = name.rfind('_');
  std::string const last = end == std::string::npos ? std::string() : name.substr(end + 1);
  bool const word = !last.empty() && std::ranges::all_of(last, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return name == stem && word ? last : std::string();
}

}  // namespace vlsm::study
