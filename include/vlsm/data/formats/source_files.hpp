// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/text.hpp"
#include "vlsm/data/formats/source_set.hpp"

// Finding one's way in a publisher's folders.
namespace vlsm::detail {

/// Whether name `a` comes before `b` where runs of digits compare by their value: "2" before "10".
inline bool natural_less(std::string const& a, std::string const& b) {
  auto const digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      std::size_t const first = i, second = j;
      while (i < a.size() && digit(a[i])) ++i;
      while (j < b.size() && digit(b[j])) ++j;
      std::string_view x(a.data() + first, i - first), y(b.data() + second, j - second);
      while (x.size() > 1 && x[0] == '0') x.remove_prefix(1);
      while (y.size() > 1 && y[0] == '0') y.remove_prefix(1);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
    }
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;
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

/// The names of the files, or of the `folders`, that a folder holds itself, sorted by natural_less;
/// hidden ones and __MACOSX are left out. A symlink that leads to nothing counts as a file. Throws
/// Error where the folder cannot be read.
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
  std::ranges::sort(names, natural_less);
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

/// Whether the name has one of these endings (".png"), in any case.
inline bool ends_in(std::string const& name, std::initializer_list<std::string_view> endings) {
  std::string const lower = lower_case(name);
  return std::ranges::any_of(endings, [&](auto ending) { return lower.ends_with(ending); });
}
/// Whether the name is one of a picture: PNG, JPEG or TIFF.
inline bool is_picture_name(std::string const& name) {
  return ends_in(name, {".png", ".jpg", ".jpeg", ".tif", ".tiff"});
}
/// The name without its last ending: "a.b" of "a.b.png".
inline std::string stem_of(std::string const& name) {
  return std::filesystem::path(name).stem().string();
}

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
  for (std::string const& name : names_in(root / inside, false))
    if (is_picture_name(name)) names.push_back((inside / name).generic_string());
  above.push_back(here);
  for (std::string const& name : names_in(root / inside, true))
    add_pictures_below(root, inside / name, above, names);
  above.pop_back();
}

/// The paths, relative to `folder`, of the pictures in it and in all folders below, symlinks to
/// folders too, sorted by natural_less; hidden ones are left out. Throws Error where a folder
/// cannot be read.
inline std::vector<std::string> pictures_below(std::filesystem::path const& folder) {
  check_folder(folder, "check the path");
  std::vector<std::string> names;
  std::vector<std::filesystem::path> above;
  add_pictures_below(folder, "", above, names);
  std::ranges::sort(names, natural_less);
  return names;
}

/// Behind a remedy: "; unpack a.zip first" where archives lie in the folder, else nothing.
inline std::string unpack_hint(std::filesystem::path const& folder) {
  std::vector<std::string> archives;
  if (is_folder(folder))
    for (std::string const& name : files_in(folder))
      if (ends_in(name, {".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".rar", ".7z"}))
        archives.push_back(name);
  constexpr std::size_t shown = 3;
  bool const more = archives.size() > shown;
  if (more) archives.resize(shown);
  return archives.empty() ? "" : "; unpack " + joined(archives) + (more ? ", …" : "") + " first";
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

/// The file or folder of this name; where there is none, the one that differs from it in capitals
/// alone.
inline std::filesystem::path in_any_case(std::filesystem::path const& path) {
  if (is_file(path) || is_folder(path) || !is_folder(path.parent_path())) return path;
  std::string const wanted = lower_case(path.filename().string());
  for (auto const& names : {files_in(path.parent_path()), folders_in(path.parent_path())})
    for (std::string const& name : names)
      if (lower_case(name) == wanted) return path.parent_path() / name;
  return path;
}

}  // namespace vlsm::detail
