// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"

// anns/ is removed while a set is written, for a folder with it is complete. What a user put there
// or changed must outlast that, a run that is stopped included.
namespace vlsm::detail {

/// Where below a set lists of one's own wait while it is written; those stay that it has a list of
/// the same name as.
inline constexpr char const* kept_lists = "anns.kept";
/// Where below a set the lists of earlier runs stay that were edited: in anns/ they would hold
/// pictures that lists of later runs hold, too.
inline constexpr char const* edited_lists = "anns.edited";

/// The names of what a folder holds, hidden files too; none where there is no such folder.
inline std::vector<std::string> all_names_in(std::filesystem::path const& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator one(folder, failed), end; !failed && one != end;
       one.increment(failed))
    names.push_back(one->path().filename().string());
  std::ranges::sort(names, strings::natural_less);
  return names;
}

/// A path in `folder` where nothing is: `name`, or with a number before its ending.
inline std::filesystem::path free_name(std::filesystem::path const& folder,
                                       std::filesystem::path const& name) {
  std::filesystem::path path = folder / name;
  std::error_code ignored;
  for (int n = 2; std::filesystem::exists(std::filesystem::symlink_status(path, ignored)); ++n)
    path = folder / (name.stem().string() + "-" + std::to_string(n) + name.extension().string());
  return path;
}

/// The lists that the run of report.json wrote, by their names, with the hashes of their bytes.
inline std::map<std::string, std::string> lists_of_last_run(std::filesystem::path const& target) {
  std::map<std::string, std::string> lists;
  if (!io::is_file(target / "report.json")) return lists;
  auto const report = nlohmann::json::parse(
      io::read_whole_file(target / "report.json").value_or(""), nullptr, false);
  if (report.is_object() && report.contains("lists") && report["lists"].is_object())
    for (auto const& [name, hash] : report["lists"].items())
      if (hash.is_string()) lists.emplace(name, hash.get<std::string>());
  return lists;
}

/// Removes anns/ of `target`, of a symlink the link alone. Lists that the last run did not write
/// are moved to kept_lists, those that were edited since to edited_lists. Throws Error where
/// something cannot be moved.
inline void set_lists_aside(std::filesystem::path const& target) {
  namespace fs = std::filesystem;
  std::error_code failed;
  auto const written = lists_of_last_run(target);
  if (!fs::is_symlink(target / "anns", failed))
    for (std::string const& name : all_names_in(target / "anns")) {
      fs::path const list = target / "anns" / name;
      auto const of_run = written.find(name);
      if (of_run != written.end() && io::is_file(list)) {
        auto const bytes = io::read_whole_file(list);
        if (bytes && content_hash(*bytes).text() == of_run->second) continue;
      }
      fs::path const folder = target / (of_run == written.end() ? kept_lists : edited_lists);
      fs::create_directories(folder, failed);
      fs::rename(list, free_name(folder, name), failed);
      if (failed)
        throw Error("this would be lost, and cannot be moved (" + failed.message() + ")",
                    list.string(), "move it out of the folder");
    }
  fs::remove_all(target / "anns", failed);
}

/// Where below `target` that is which was set aside once `put_lists_back` ran: a list of one's own
/// is in anns/ unless its name is one of `taken`, which are keys.
inline std::vector<std::string> names_of_kept(std::filesystem::path const& target,
                                              std::map<std::string, std::string> const& taken) {
  std::vector<std::string> names;
  for (std::string const& name : all_names_in(target / kept_lists))
    names.push_back((taken.contains(name) ? std::string(kept_lists) : "anns") + "/" + name);
  for (std::string const& name : all_names_in(target / edited_lists))
    names.push_back(std::string(edited_lists) + "/" + name);
  return names;
}

/// Moves lists of one's own to anns/ again, which is there; what would replace a list of this run
/// stays where it is.
inline void put_lists_back(std::filesystem::path const& target) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (std::string const& name : all_names_in(target / kept_lists))
    if (!fs::exists(target / "anns" / name, ignored))
      fs::rename(target / kept_lists / name, target / "anns" / name, ignored);
  fs::remove(target / kept_lists, ignored);  // where it is empty
}

}  // namespace vlsm::detail
