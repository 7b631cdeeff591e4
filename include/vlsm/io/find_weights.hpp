// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"

// Which file holds the weights where a person names a file or a folder.
namespace vlsm::io {

/// The file to read, or the index of several.
struct WeightsFile {
  std::filesystem::path path;
  std::string chosen;  ///< "best.safetensors, not last.safetensors" where a folder holds both
};

namespace detail {

/// Whether a path that does not exist is rather a model's name on a hub ("owner/model") or an
/// address.
inline bool looks_remote(std::string_view path) {
  if (path.find("://") != std::string_view::npos || path.starts_with("hf-hub:")) return true;
  std::size_t const slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size()) return false;
  if (path.find('/', slash + 1) != std::string_view::npos || path.front() == '.') return false;
  if (!std::ranges::all_of(path, [](char c) {
        return vlsm::strings::is_letter_or_digit(c) || c == '/' || c == '-' || c == '_' || c == '.';
      }))
    return false;
  for (std::string_view ending : {".safetensors", ".pt", ".pth", ".ckpt", ".bin"})
    if (path.ends_with(ending)) return false;
  std::error_code ignored;
  return !std::filesystem::exists(path.substr(0, slash), ignored);
}

/// Files with the endings of weights that a trainer leaves beside them.
inline bool beside_weights(std::string_view name) {
  for (std::string_view start : {"optimizer.", "scheduler.", "scaler.", "rng_state",
                                 "training_args", "trainer_state", "random_states"})
    if (name.starts_with(start)) return true;
  return false;
}

}  // namespace detail

/// The files of a folder that end as weights or indexes do, sorted. Throws Error where the folder
/// cannot be read.
inline std::vector<std::string> weights_names(std::filesystem::path const& folder) {
  std::vector<std::string> names;
  std::error_code error, ignored;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    bool fits = false;
    for (std::string const ending : {".safetensors", ".pt", ".pth", ".ckpt", ".bin"})
      fits = fits || name.ends_with(ending) || name.ends_with(ending + ".index.json");
    if (fits && !detail::beside_weights(name) && !at->is_directory(ignored))
      names.push_back(std::move(name));
  }
  if (error)
    throw Error("the folder cannot be read (" + error.message() + ")", folder.string(),
                "check its permissions");
  std::ranges::sort(names);
  return names;
}

namespace detail {

/// What to do about a folder without weights: it may be a hub's cache, whose snapshots hold them, a
/// folder above theirs, or a torch archive that was unpacked.
inline std::string where_weights_may_be(std::filesystem::path const& folder) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(folder / "data.pkl", ignored))
    return "this is a torch archive that was unpacked: give the file itself, or pack the folder "
           "again (zip -0 -r model.pth FOLDER)";
  for (std::filesystem::path const& below : {folder, folder / "snapshots"}) {
    std::vector<std::string> holding;
    std::error_code error;
    for (std::filesystem::directory_iterator at(below, error), end; !error && at != end;
         at.increment(error))
      if (at->is_directory(ignored) && !weights_names(at->path()).empty())
        holding.push_back(at->path().string());
    if (!holding.empty()) return "name the folder that does: " + std::ranges::min(holding);
  }
  return "looked for files that end with .safetensors, .pt, .pth, .ckpt or .bin";
}

}  // namespace detail

/// The weights file, or the index of several, in a folder as a hub lays it out or a person fills
/// it: a file under a usual name, an index, else the only one with a usual ending. Throws Error.
inline WeightsFile weights_in_folder(std::filesystem::path const& folder) {
  std::vector<std::string> const names = weights_names(folder);
  auto const has = [&](std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (std::string_view name : {"model.safetensors", "open_clip_model.safetensors",
                                "open_clip_pytorch_model.bin", "pytorch_model.bin"})
    if (has(name)) return {folder / name, {}};
  for (std::string_view name :
       {"model.safetensors.index.json", "open_clip_model.safetensors.index.json",
        "open_clip_pytorch_model.bin.index.json", "pytorch_model.bin.index.json"})
    if (has(name)) return {folder / name, {}};
  auto const is_index = [](std::string const& name) { return name.ends_with(".index.json"); };
  if (std::ranges::count_if(names, is_index) == 1)
    return {folder / *std::ranges::find_if(names, is_index), {}};
  if (names.empty())
    throw Error("the folder holds no weights", folder.string(),
                detail::where_weights_may_be(folder));
  if (names.size() == 1) return {folder / names[0], {}};
  // A run of `fit` ends with these two.
  if (names.size() == 2 && has("best.safetensors") && has("last.safetensors"))
    return {folder / "best.safetensors", "best.safetensors, not last.safetensors"};
  constexpr std::size_t most = 8;
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) list += (i ? ", " : "") + names[i];
  throw Error("the folder holds several weights: " + list + (names.size() > most ? ", …" : ""),
              folder.string(), "name the file");
}

/// Finds the weights at `path`, a file or a folder. Throws Error where there are none, first of all
/// where nothing is there.
inline WeightsFile find_weights(std::filesystem::path const& path) {
  std::error_code failed;
  bool const there = std::filesystem::exists(path, failed);
  if (!there && (!failed || failed == std::errc::no_such_file_or_directory ||
                 failed == std::errc::not_a_directory))
    throw Error("there is no such file or folder", path.string(),
                detail::looks_remote(path.string())
                    ? "this looks like a model's name on a hub: download it first, then name its "
                      "folder"
                    : "check the path");
  if (!there)
    throw Error("the path cannot be looked at (" + failed.message() + ")", path.string(),
                "check the path and its permissions");
  if (!std::filesystem::is_directory(path, failed)) return {path, {}};
  return weights_in_folder(path);
}

}  // namespace vlsm::io
