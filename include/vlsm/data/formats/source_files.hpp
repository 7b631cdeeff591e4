// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/read.hpp"

// Finding one's way in a publisher's folders.
namespace vlsm::detail {

/// The name without its last ending: "a.b" of "a.b.png".
inline std::string stem_of(std::string const& name) {
  return std::filesystem::path(name).stem().string();
}

/// Adds the pictures in the folder `root` / `inside` and below, as paths below `root`; `above` are
/// the folders that lead there, which a symlink may lead back to. Throws Error where a folder
/// cannot be read.
inline void add_pictures_below(std::filesystem::path const& root,
                               std::filesystem::path const& inside,
                               std::vector<std::filesystem::path>& above,
                               std::vector<std::string>& names) {
  std::error_code failed;
  auto const here = std::filesystem::canonical(root / inside, failed);
  if (std::ranges::find(above, here) != above.end()) return;
  for (std::string const& name : io::names_in(root / inside, false))
    if (is_picture_name(name)) names.push_back((inside / name).generic_string());
  above.push_back(here);
  for (std::string const& name : io::names_in(root / inside, true))
    add_pictures_below(root, inside / name, above, names);
  above.pop_back();
}

/// The paths, relative to `folder`, of the pictures in it and in all folders below, symlinks to
/// folders too, sorted by natural_less; hidden ones are left out. Throws Error where a folder
/// cannot be read.
inline std::vector<std::string> pictures_below(std::filesystem::path const& folder) {
  io::check_folder(folder, "check the path");
  std::vector<std::string> names;
  std::vector<std::filesystem::path> above;
  add_pictures_below(folder, "", above, names);
  std::ranges::sort(names, strings::natural_less);
  return names;
}

/// Behind a remedy: "; unpack a.zip first" where archives lie in the folder, else nothing.
inline std::string unpack_hint(std::filesystem::path const& folder) {
  std::vector<std::string> archives;
  if (io::is_folder(folder))
    for (std::string const& name : io::files_in(folder))
      if (strings::ends_in(
              name, {".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".rar", ".7z"}))
        archives.push_back(name);
  constexpr std::size_t shown = 3;
  bool const more = archives.size() > shown;
  if (more) archives.resize(shown);
  return archives.empty()
             ? ""
             : "; unpack " + strings::joined(archives) + (more ? ", …" : "") + " first";
}

/// All bytes of a file. Throws Error for one that cannot be read, or of more than `most` bytes.
inline std::string read_text_file(std::filesystem::path const& path,
                                  std::uintmax_t most = 1u << 30) {
  std::error_code failed;
  auto const size = std::filesystem::file_size(path, failed);
  std::ifstream in(path, std::ios::binary);
  if (failed || !in)
    throw Error("the file cannot be read", path.string(), "check that it exists and may be read");
  if (size > most)
    throw Error("the file has " + std::to_string(size) + " bytes", path.string(),
                "fetch the file again, or give a smaller one");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (in.bad())
    throw Error("the file cannot be read to its end", path.string(),
                "check the disk, or copy it again");
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  io::refuse_lfs_pointer(bytes, path.string());
  return bytes;
}

/// A text file whose lines end with LF: CR LF and CR become LF, and the byte order mark that
/// spreadsheets write in front of UTF-8 is left out. Throws Error as read_text_file does.
inline std::string read_lines(std::filesystem::path const& path, std::uintmax_t most = 1u << 30) {
  std::string const text = read_text_file(path, most);
  std::string lines;
  lines.reserve(text.size());
  for (std::size_t i = text.starts_with("\xef\xbb\xbf") ? 3 : 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    lines += text[i] == '\r' ? '\n' : text[i];
  }
  return lines;
}

}  // namespace vlsm::detail
