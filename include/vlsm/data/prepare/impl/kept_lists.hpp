// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/data/formats/source_files.hpp"

// anns/ is removed while a set is written, for a folder with it is complete. What a user put there
// must outlast that, a run that is stopped included.
namespace vlsm::detail {

/// Where below a set its other lists wait while it is written.
inline constexpr char const* kept_lists = "anns.kept";

/// The names of what a folder holds, hidden files too; none where there is no such folder.
inline std::vector<std::string> all_names_in(std::filesystem::path const& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator one(folder, failed), end; !failed && one != end;
       one.increment(failed))
    names.push_back(one->path().filename().string());
  std::ranges::sort(names, natural_less);
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

/// Moves what lies in anns/ of `target`, but for the lists that the run of report.json wrote and
/// that nobody has changed since, to kept_lists, and removes the rest; of a symlink the link alone.
/// Throws Error where something cannot be moved.
inline void set_lists_aside(std::filesystem::path const& target) {
  namespace fs = std::filesystem;
  std::error_code failed;
  std::set<std::pair<std::string, std::string>> written;  // name, hash
  if (is_file(target / "report.json")) {
    auto const report =
        nlohmann::json::parse(read_text_file(target / "report.json"), nullptr, false);
    if (report.is_object() && report.contains("lists") && report["lists"].is_object())
      for (auto const& [name, hash] : report["lists"].items())
        if (hash.is_string()) written.emplace(name, hash.get<std::string>());
  }
  if (!fs::is_symlink(target / "anns", failed))
    for (std::string const& name : all_names_in(target / "anns")) {
      fs::path const list = target / "anns" / name;
      if (is_file(list) && written.contains({name, content_hash(read_text_file(list)).text()}))
        continue;
      fs::create_directories(target / kept_lists, failed);
      fs::rename(list, free_name(target / kept_lists, name), failed);
      if (failed)
        throw Error("this is of no earlier run, and cannot be moved (" + failed.message() + ")",
                    list.string(), "move it out of the folder");
    }
  fs::remove_all(target / "anns", failed);
}

/// Where below `target` that is which was set aside once `put_lists_back` ran: in anns/ unless the
/// name is one of `taken`, which are keys.
inline std::vector<std::string> names_of_kept(std::filesystem::path const& target,
                                              std::map<std::string, std::string> const& taken) {
  std::vector<std::string> names;
  for (std::string const& name : all_names_in(target / kept_lists))
    names.push_back((taken.contains(name) ? std::string(kept_lists) : "anns") + "/" + name);
  return names;
}

/// Moves what was set aside to anns/ again, which is there; what would replace a list of this run
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
