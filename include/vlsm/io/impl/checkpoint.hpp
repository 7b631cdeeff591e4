// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "vlsm/core/compiled.hpp"
#include "vlsm/core/error.hpp"
#include "vlsm/io/checkpoint.hpp"
#include "vlsm/io/checkpoint_folder.hpp"
#include "vlsm/io/checkpoint_tensors.hpp"
#include "vlsm/io/file_format.hpp"
#include "vlsm/io/legacy_pickle.hpp"
#include "vlsm/io/mapped_file.hpp"
#include "vlsm/io/safetensors.hpp"
#include "vlsm/io/torch_zip.hpp"

namespace vlsm::io {

/// Reads one weights file of any format. Throws Error.
inline Checkpoint open_checkpoint_file(std::filesystem::path const& path) {
  std::shared_ptr<MappedFile const> const file = MappedFile::open(path);
  try {
    switch (recognise_format(file->bytes(), file->path())) {
      case FileFormat::zip:
        return read_torch_zip(file);
      case FileFormat::pickle:
        return read_legacy_pickle(file);
      case FileFormat::safetensors:
        break;
    }
    Checkpoint result{"safetensors", read_safetensors(file).tensors, {}};
    check_names(result.tensors, file->path());
    return result;
  } catch (std::bad_alloc const&) {
    throw Error("there is not enough memory for the checkpoint", path.string(),
                "free some, or check that the file is not damaged");
  } catch (std::length_error const&) {
    throw Error("the checkpoint asks for more memory than there can be", path.string(),
                "the file is damaged");
  }
}

VLSM_INLINE Checkpoint open_checkpoint(std::filesystem::path const& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    if (path.string().ends_with(".index.json")) return read_sharded(path, open_checkpoint_file);
    return open_checkpoint_file(path);
  }
  std::filesystem::path const found = weights_in_folder(path);
  return found.string().ends_with(".index.json") ? read_sharded(found, open_checkpoint_file)
                                                 : open_checkpoint_file(found);
}

}  // namespace vlsm::io
