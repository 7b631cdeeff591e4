// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vlsm/io/tensors/array.hpp"

// The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes header length, a JSON
// header with dtype, shape and data_offsets of each tensor, the data.
namespace vlsm::io {

class MappedFile;

/// The content of a safetensors file; tensors in the order of their data.
struct Safetensors {
  std::vector<NamedArray> tensors;
  std::map<std::string, std::string> metadata;
  std::vector<UnreadTensor> unread;
};

/// Reads a mapped safetensors file without copying, except for tensors that are not aligned to
/// their dtype. As strict as the reference: any inconsistency of header and data throws Error.
/// Tensors of types that are not held here are listed apart.
Safetensors read_safetensors(std::shared_ptr<MappedFile const> const& file);

/// Maps `path` and reads it. Throws Error where it cannot be mapped, and as above.
Safetensors read_safetensors(std::filesystem::path const& path);

/// Writes contiguous tensors in the reference's order (dtype descending, then name), so that the
/// same input always gives the same file. The file appears complete or not at all: on any failure
/// Error is thrown and an older file of that name is as it was. `flush` as in AtomicFile::commit.
void write_safetensors(std::filesystem::path const& path, std::vector<NamedArray> const& tensors,
                       std::map<std::string, std::string> const& metadata = {}, bool flush = true);

}  // namespace vlsm::io

#ifndef VLSM_COMPILED
#include "vlsm/io/safetensors/impl/read.hpp"
#include "vlsm/io/safetensors/impl/write.hpp"
#endif
