// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/io/torch/checkpoint_tensors.hpp"

namespace vlsm::io {

namespace detail {

/// weight_map of an index: the tensors' names by the file that holds them.
inline std::map<std::string, std::vector<std::string>> read_index(
    std::filesystem::path const& path) {
  constexpr std::string_view remedy = "download the index again";
  std::shared_ptr<MappedFile const> const file = MappedFile::open(path);
  constexpr std::size_t longest = std::size_t{64} << 20;
  if (file->size() > longest) throw Error("the index is too long", file->path(), remedy);
  std::string_view const text(reinterpret_cast<char const*>(file->bytes().data()), file->size());
  nlohmann::json const index = parse_json(text, file->path(), remedy, strict_json);
  if (!index.contains("weight_map") || !index["weight_map"].is_object())
    throw Error("the index holds no weight_map", file->path(), remedy);
  std::map<std::string, std::vector<std::string>> parts;
  for (auto const& item : index["weight_map"].items()) {
    if (!item.value().is_string())
      throw Error("the file of " + shown(item.key()) + " is not text", file->path(), remedy);
    auto const& name = item.value().get_ref<std::string const&>();
    // An index from elsewhere must not make us open files outside its folder.
    if (name.empty() || name == "." || name == ".." ||
        name.find_first_of("/\\") != std::string::npos || name.ends_with(".index.json"))
      throw Error("the index names the file " + shown(name), file->path(),
                  "parts must lie beside the index");
    parts[name].push_back(item.key());
  }
  return parts;
}

}  // namespace detail

/// Reads the parts that the index at `path` lists, each with `open_file`. A tensor that is missing,
/// or that two parts hold, throws Error.
template <typename OpenFile>
Checkpoint read_sharded(std::filesystem::path const& path, OpenFile&& open_file) {
  Checkpoint result;
  for (auto const& [name, keys] : detail::read_index(path)) {
    Checkpoint part = open_file(path.parent_path() / name);
    std::unordered_set<std::string_view> held;
    for (NamedArray const& tensor : part.tensors) held.insert(tensor.name);
    for (UnreadTensor const& tensor : part.unread) held.insert(tensor.name);
    for (std::string const& key : keys)
      if (!held.contains(key))
        throw Error("the index promises " + shown(key) + ", but the part does not hold it",
                    (path.parent_path() / name).string(), "download the parts again");
    if (result.files.empty()) result.section = part.section;
    if (part.section != result.section)
      throw Error("the parts hold different state dicts: " + shown(result.section) + " and " +
                      shown(part.section),
                  path.string(), "name one of them (section, --weights-key)");
    for (std::string const& rival : part.rivals)
      if (std::ranges::find(result.rivals, rival) == result.rivals.end())
        result.rivals.push_back(rival);
    result.format = part.format;
    std::move(part.tensors.begin(), part.tensors.end(), std::back_inserter(result.tensors));
    std::move(part.notes.begin(), part.notes.end(), std::back_inserter(result.notes));
    std::move(part.files.begin(), part.files.end(), std::back_inserter(result.files));
    std::move(part.unread.begin(), part.unread.end(), std::back_inserter(result.unread));
  }
  check_names(result.tensors, path.string());
  return result;
}

}  // namespace vlsm::io
