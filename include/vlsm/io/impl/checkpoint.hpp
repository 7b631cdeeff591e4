// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/io/checkpoint.hpp"
#include "vlsm/io/checkpoint_folder.hpp"
#include "vlsm/io/file_format.hpp"
#include "vlsm/io/find_weights.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/io/torch/checkpoint_tensors.hpp"
#include "vlsm/io/torch/legacy.hpp"
#include "vlsm/io/torch/sections.hpp"
#include "vlsm/io/torch/torch_zip.hpp"

namespace vlsm::io {

namespace detail {

/// Reads one weights file of any format. Throws Error.
inline Checkpoint read_checkpoint_file(std::shared_ptr<MappedFile const> const& file,
                                       std::string_view section) {
  try {
    switch (recognize_format(file->bytes(), file->path())) {
      case FileFormat::zip:
        return read_torch_zip(file, section);
      case FileFormat::pickle:
        return read_legacy_pickle(file, section);
      case FileFormat::safetensors:
        break;
    }
    Safetensors read = read_safetensors(file);
    Checkpoint result{.format = "safetensors",
                      .tensors = std::move(read.tensors),
                      .unread = std::move(read.unread)};
    check_names(result.tensors, file->path());
    return result;
  } catch (std::bad_alloc const&) {
    throw Error("there is not enough memory for the checkpoint", file->path(),
                "free some, or check that the file is not damaged");
  } catch (std::length_error const&) {
    throw Error("the checkpoint asks for more memory than there can be", file->path(),
                "the file is damaged");
  }
}

/// Keeps the tensors below `section` of a file in which names with dots say what belongs together
/// ("teacher.encoder…"). Throws Error that lists the first parts of its names where there are none.
inline void narrow(Checkpoint& checkpoint, std::string_view section, std::string const& where) {
  if (section.empty() || section == "." || checkpoint.section == section ||
      checkpoint.section.ends_with("." + std::string(section)))
    return;
  auto const outside = [&](auto const& tensor) { return !stands_below(tensor.name, section); };
  std::map<std::string, std::size_t> tops;
  for (NamedArray const& tensor : checkpoint.tensors)
    ++tops[tensor.name.substr(0, std::min(tensor.name.find('.'), tensor.name.size()))];
  std::size_t const left_out = std::erase_if(checkpoint.tensors, outside);
  std::erase_if(checkpoint.unread, outside);
  if (checkpoint.tensors.empty()) {
    constexpr int most = 8;
    std::string list;
    int count = 0;
    for (auto const& [top, number] : tops)
      if (count++ < most)
        list += (list.empty() ? "" : ", ") + shown(top) + " (" + std::to_string(number) + ")";
    throw Error("no tensor stands under " + shown(section), where,
                "there are: " + list + (count > most ? ", …" : ""));
  }
  checkpoint.notes.push_back(std::to_string(left_out) + " tensors outside " + shown(section) +
                             " skipped");
}

}  // namespace detail

VLSM_INLINE Checkpoint open_checkpoint(std::filesystem::path const& path,
                                       std::string_view section) {
  if (section.size() > 1 && section.ends_with('.')) section.remove_suffix(1);  // as prefixes end
  auto const open = [&](std::filesystem::path const& path) {
    auto const file = MappedFile::open(path);
    Checkpoint one = detail::read_checkpoint_file(file, section);
    one.files = {file};
    return one;
  };
  WeightsFile const found = find_weights(path);
  Checkpoint result = found.path.string().ends_with(".index.json") ? read_sharded(found.path, open)
                                                                   : open(found.path);
  result.chosen = found.chosen;
  detail::narrow(result, section, path.string());
  return result;
}

}  // namespace vlsm::io
