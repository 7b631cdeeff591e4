// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/io/weights_files.hpp"
#include "vlsm/study/config.hpp"
#include "vlsm/train/run_log.hpp"

// What a cell's training began from.
namespace vlsm::study::detail_run {

/// A hash of the files of weights that a model starts from; empty: there are none.
inline std::string contents_of_weights(Model const& model) {
  bool any = false;
  ContentHash hash;
  for (std::string const& path : {model.weights, model.decoder_weights}) {
    if (path.empty() || path == "random") continue;
    any = true;
    for (auto const& file : io::weights_files(path))
      hash = content_hash(io::MappedFile::open(file)->bytes(), hash);
  }
  return any ? hash.text() : std::string();
}

/// Notes in a cell's folder what its training begins from: hashes of its weights and data. One that
/// was stopped and had begun from something else is not continued: it is taken away, and true is
/// returned. Throws Error where the note cannot be read or written.
inline bool begin_training(std::filesystem::path const& folder,
                           std::map<std::string, std::string> const& read) {
  std::filesystem::path const noted = folder / "begun.json";
  std::string const now = nlohmann::ordered_json(read).dump(1) + "\n";
  std::error_code ignored;
  auto const before = io::read_whole_file(noted);
  if (!before && std::filesystem::exists(noted, ignored))
    throw Error("the note of what a training began from cannot be read", noted.string(),
                "check its permissions, or remove the folder that it is in");
  bool const other = std::filesystem::exists(folder / "last.safetensors", ignored) && before != now;
  if (other) remove_run(folder);
  io::write_whole_file(noted, now);
  return other;
}

}  // namespace vlsm::study::detail_run
