// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/frame_files.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/volume/metaimage.hpp"

// What of a user's own folders is passed over, so that no one takes it for read.
namespace vlsm::detail {

/// The kinds of files that are read, for messages.
inline constexpr char const* read_kinds = "PNG, JPEG, TIFF, NIfTI, MetaImage or DICOM";

/// Whether a name is one of the kinds that are read.
inline bool is_read_name(std::string const& name) {
  return is_picture_name(name) || is_frame_name(name);
}

/// Whether any file lies below a folder; hidden ones do not count.
inline bool holds_files(std::filesystem::path const& folder) {
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator one(folder, failed), end;
       !failed && one != end; one.increment(failed)) {
    std::error_code ignored;
    if (!one->path().filename().string().starts_with('.') && one->is_regular_file(ignored))
      return true;
  }
  return false;
}

/// The path, below its folder, of the data of a MetaImage; empty where its header cannot be read.
inline std::string metaimage_data(std::filesystem::path const& header) {
  try {
    return parse_metaimage_header(read_text_file(header), header.string()).data_file;
  } catch (Error const&) {
    return {};  // said where it is read, if it is
  }
}

/// What of a folder is not read: files of other kinds, but for the data of a MetaImage beside it,
/// and folders with files, but for those that lead to one of `others`. Folders end with "/". Throws
/// Error where the folder cannot be read.
inline std::vector<std::string> not_read(std::filesystem::path const& folder,
                                         std::vector<std::filesystem::path> others) {
  std::vector<std::string> names;
  std::set<std::string> headers;  // stems of .mhd
  auto const files = io::files_in(folder);
  for (std::string const& name : files)
    if (strings::ends_in(name, {".mhd"})) {
      headers.insert(stem_of(name));
      others.push_back(folder / metaimage_data(folder / name));
    }
  for (std::string const& name : files) {
    bool const data = headers.contains(stem_of(name)) ||
                      (!headers.empty() && strings::ends_in(name, {".raw", ".zraw"}));
    if (!is_read_name(name) && !data) names.push_back(name);
  }
  auto const canonical = [](std::filesystem::path const& path) {
    std::error_code failed;
    return (std::filesystem::weakly_canonical(path, failed) / "").string();
  };
  for (std::string const& name : io::folders_in(folder)) {
    std::string const path = canonical(folder / name);
    bool const leads = std::ranges::any_of(
        others, [&](auto const& other) { return canonical(other).starts_with(path); });
    if (!leads && holds_files(folder / name)) names.push_back(name + "/");
  }
  return names;
}

/// Throws Error for a folder without pictures, which says what it holds instead.
[[noreturn]] inline void refuse_no_pictures(std::filesystem::path const& folder,
                                            std::string const& mask_suffix) {
  std::map<std::string, std::size_t> kinds;  // ending -> how many files
  bool masks = false;
  for (std::string const& name : io::files_in(folder)) {
    masks |= is_read_name(name);
    std::string const ending =
        strings::lower_case(std::filesystem::path(name).extension().string());
    ++kinds[ending.empty() ? "without an ending" : ending];
  }
  if (masks)
    throw Error("all pictures here are masks by their names, which end with " + mask_suffix,
                folder.string(), "add their pictures, or name another suffix with --mask-suffix");
  std::vector<std::string> found;
  for (auto const& [kind, count] : kinds) found.push_back(std::to_string(count) + " " + kind);
  if (std::size_t const folders = io::folders_in(folder).size())
    found.push_back(std::to_string(folders) + (folders == 1 ? " folder" : " folders"));
  throw Error("the folder holds no " + std::string(read_kinds) +
                  (found.empty() ? ": it is empty" : ", but " + strings::joined(found)),
              folder.string(), "write pictures as PNG, or name their folder with --images");
}

}  // namespace vlsm::detail
