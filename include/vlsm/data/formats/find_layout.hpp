// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/file/folders.hpp"
#include "vlsm/data/formats/source_files.hpp"

// Where below a user's folder a publisher's layout begins.
namespace vlsm::detail {

/// The name of a folder however its path is written: "b" of "a/b/", of "a/b/.", and of "." where
/// that is a/b.
inline std::string folder_name(std::filesystem::path const& folder) {
  std::error_code failed;
  std::filesystem::path const whole =
      std::filesystem::absolute(folder, failed).lexically_normal() / "";
  return whole.parent_path().filename().string();
}

/// The folder "a", or "a/a" where it holds one of its own name, and so on: what is left where an
/// archive was unpacked into a folder that is called as the archive's own.
inline std::filesystem::path peeled(std::filesystem::path folder) {
  constexpr int deepest = 4;
  std::string const name = folder_name(folder);
  for (int depth = 0; depth < deepest && io::is_folder(folder / name); ++depth) folder /= name;
  return folder;
}

/// What `look(folder, depth)` finds in `source` (depth 0), else in its folders (1), else in theirs
/// (2): archives are unpacked into folders of any name. Nothing where it finds none. Throws Error
/// where it finds two at one depth; `set` is the name of what is looked for.
inline std::optional<std::filesystem::path> find_below(
    std::filesystem::path const& source, std::string const& set,
    std::function<std::optional<std::filesystem::path>(std::filesystem::path const&, int depth)>
        look) {
  constexpr int deepest = 2;
  constexpr std::size_t most_folders = 1000;  // more are one for each patient: none holds a set
  std::vector<std::filesystem::path> level{source};
  for (int depth = 0; depth <= deepest && !level.empty(); ++depth) {
    std::optional<std::filesystem::path> found;
    std::vector<std::filesystem::path> next;
    for (std::filesystem::path const& folder : level) {
      auto one = look(folder, depth);
      if (one && found)
        throw Error("two folders hold " + set, found->string() + " and " + one->string(),
                    "give one of them");
      if (one) found = std::move(one);
    }
    if (found) return found;
    for (std::filesystem::path const& folder : level) {
      if (depth == deepest) break;
      std::error_code failed;
      std::filesystem::directory_iterator const readable(folder, failed);
      if (failed) continue;
      auto const inside = io::folders_in(folder);
      if (inside.size() > most_folders) continue;
      for (std::string const& name : inside) next.push_back(folder / name);
    }
    level = std::move(next);
  }
  return std::nullopt;
}

/// Whether the names of the needed folders tell a set from others.
enum class Names {
  own,     ///< they do: a folder of any name that holds them is the set
  common,  ///< they do not ("images"): it is one of `folders`, or the folder that the user gave
};

/// The first of `folders` below `source` ("" is `source` itself) that holds all of `needed`; where
/// none does, the same below the folders in `source`, and below those in them. Throws Error where
/// there is none; it names the set and says by `layout` what the folder should hold.
inline std::filesystem::path find_layout(std::filesystem::path const& source,
                                         std::initializer_list<std::string_view> folders,
                                         std::initializer_list<std::string_view> needed,
                                         std::string const& set, std::string const& layout,
                                         Names names = Names::own) {
  io::check_folder(source, "give the folder of " + set);
  auto const holds_all = [&](std::filesystem::path const& root) {
    return std::ranges::all_of(needed, [&](std::string_view part) {
      std::error_code ignored;
      return std::filesystem::exists(root / part, ignored);
    });
  };
  auto const below = [](std::filesystem::path const& folder, std::string_view name) {
    return name.empty() ? folder : folder / name;
  };
  for (std::string_view const name : folders)
    if (holds_all(below(source, name))) return below(source, name);
  for (std::string_view const name : folders) {
    if (name.empty() && names == Names::common) continue;
    auto const root = find_below(
        source, set,
        [&](std::filesystem::path const& folder, int) -> std::optional<std::filesystem::path> {
          if (holds_all(below(folder, name))) return below(folder, name);
          return std::nullopt;
        });
    if (root) return *root;
  }
  throw Error("this is not " + set + " as it is published", source.string(),
              "give the folder that holds " + layout + unpack_hint(source));
}

}  // namespace vlsm::detail
