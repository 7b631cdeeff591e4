// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/formats/source_set.hpp"

// Finding one's way in a publisher's folders.
namespace vlsm::detail {

inline std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// "2" before "10": numbers in names by their value.
inline bool natural_less(std::string const& a, std::string const& b) {
  auto const digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
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

/// The names in a folder, in natural order; hidden ones are no data. Throws Error where the folder
/// cannot be read.
inline std::vector<std::string> names_in(std::filesystem::path const& folder, bool folders) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator one(folder, failed), end; !failed && one != end;
       one.increment(failed)) {
    std::error_code ignored;
    std::string name = one->path().filename().string();
    if (name.starts_with('.') || name == "__MACOSX") continue;
    if (folders ? one->is_directory(ignored) : one->is_regular_file(ignored))
      names.push_back(std::move(name));
  }
  if (failed)
    throw Error("the folder cannot be read (" + failed.message() + ")", folder.string(),
                "check that it exists and may be read");
  std::ranges::sort(names, natural_less);
  return names;
}
inline std::vector<std::string> files_in(std::filesystem::path const& folder) {
  return names_in(folder, false);
}
inline std::vector<std::string> folders_in(std::filesystem::path const& folder) {
  return names_in(folder, true);
}

/// Whether the name has one of these endings, in any case.
inline bool ends_in(std::string const& name, std::initializer_list<std::string_view> endings) {
  std::string const lower = lower_case(name);
  return std::ranges::any_of(endings, [&](auto ending) { return lower.ends_with(ending); });
}
inline bool is_picture_name(std::string const& name) {
  return ends_in(name, {".png", ".jpg", ".jpeg", ".tif", ".tiff"});
}
inline std::string stem_of(std::string const& name) {
  return std::filesystem::path(name).stem().string();
}

inline bool is_folder(std::filesystem::path const& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}
inline bool is_file(std::filesystem::path const& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

/// A whole text file. Throws Error for one that cannot be read, or of more than `most` bytes.
inline std::string read_text_file(std::filesystem::path const& path,
                                  std::uintmax_t most = 1u << 30) {
  std::error_code failed;
  auto const size = std::filesystem::file_size(path, failed);
  std::ifstream in(path, std::ios::binary);
  if (failed || !in)
    throw Error("the file cannot be read", path.string(), "check that it exists and may be read");
  if (size > most)
    throw Error("the file has " + std::to_string(size) + " bytes", path.string(),
                "give the publisher's file");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

/// A text file in lines that end with LF alone, without a mark of UTF-8 in front: editors and
/// spreadsheets write other ends, and the mark. Throws Error as read_text_file does.
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

/// The text without blanks at its ends.
inline std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::size_t const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(blanks) + 1 - first));
}

/// The file of this name; where there is none, the one that differs from it in capitals alone.
inline std::filesystem::path in_any_case(std::filesystem::path const& path) {
  if (is_file(path) || !is_folder(path.parent_path())) return path;
  std::string const wanted = lower_case(path.filename().string());
  for (std::string const& name : files_in(path.parent_path()))
    if (lower_case(name) == wanted) return path.parent_path() / name;
  return path;
}

/// Pictures and masks that share a name but for its ending (and `mask_suffix` before a mask's).
struct Pair {
  std::string stem, image, mask;
};

/// The pairs of two folders. A picture without a mask, two pictures or two masks of one name, and
/// a folder without pictures are Errors; a mask without a picture is a finding.
inline std::vector<Pair> pair_files(std::filesystem::path const& images,
                                    std::filesystem::path const& masks,
                                    std::vector<Finding>& findings,
                                    std::string const& mask_suffix = "") {
  std::map<std::string, std::string> by_stem;
  for (std::string const& name : files_in(masks)) {
    if (!is_picture_name(name)) continue;
    std::string stem = stem_of(name);
    if (!stem.ends_with(mask_suffix)) continue;
    stem.resize(stem.size() - mask_suffix.size());
    if (auto const [other, fresh] = by_stem.emplace(stem, name); !fresh)
      throw Error("two masks differ in their ending alone: " + other->second + " and " + name,
                  masks.string(), "keep the one that belongs to the picture");
  }
  std::vector<Pair> pairs;
  std::map<std::string, std::string> seen;
  std::vector<std::string> lonely;
  for (std::string const& name : files_in(images)) {
    if (!is_picture_name(name)) continue;
    std::string const stem = stem_of(name);
    if (!mask_suffix.empty() && stem.ends_with(mask_suffix)) continue;  // both in one folder
    if (auto const [other, fresh] = seen.emplace(stem, name); !fresh)
      throw Error("two pictures differ in their ending alone: " + other->second + " and " + name,
                  images.string(), "keep the one that the mask belongs to");
    auto const mask = by_stem.find(stem);
    if (mask == by_stem.end())
      lonely.push_back(name);
    else
      pairs.push_back({stem, name, mask->second});
  }
  if (seen.empty())
    throw Error("the folder holds no pictures", images.string(),
                "unpack the publisher's archive: images/ and masks/ belong together");
  if (!lonely.empty())
    throw Error(lonely.size() == 1
                    ? "a picture has no mask"
                    : std::to_string(lonely.size()) + " pictures have no mask, the first",
                (images / lonely[0]).string(),
                "add the mask in " + masks.string() + ", or take the picture out");
  for (auto const& [stem, name] : by_stem)
    if (!seen.contains(stem))
      findings.push_back(
          {"mask_without_picture", {name}, "a mask without its picture (image) was left out"});
  return pairs;
}

}  // namespace vlsm::detail
