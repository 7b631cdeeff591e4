// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/io/torch/checkpoint_tensors.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"
#include "vlsm/io/torch/pickle/unpickler.hpp"
#include "vlsm/io/torch/state_dict.hpp"
#include "vlsm/io/torch/tensor.hpp"
#include "vlsm/io/torch/zip/zip.hpp"

namespace vlsm::io {

namespace detail {

/// The folder, with its slash, that holds data.pkl; torch names it after the file that it wrote.
inline std::string archive_folder(ZipArchive const& archive) {
  constexpr std::string_view pickle = "/data.pkl";
  std::string folder;
  for (ZipEntry const& entry : archive.entries()) {
    std::size_t const slash = entry.name.find('/');
    if (slash == std::string::npos || std::string_view(entry.name).substr(slash) != pickle)
      continue;
    if (!folder.empty())
      throw Error("the archive holds two data.pkl", archive.file().path(), "the file is damaged");
    folder = entry.name.substr(0, slash + 1);
  }
  if (folder.empty())
    throw Error("this zip archive holds no data.pkl, so torch did not write it",
                archive.file().path(), "unpack it and name the checkpoint inside");
  return folder;
}

inline void check_byte_order(ZipArchive const& archive, std::string const& folder) {
  ZipEntry const* const entry = archive.find(folder + "byteorder");
  if (entry == nullptr) return;  // files before torch 2.1 are little-endian
  std::span<std::byte const> const bytes = archive.checked_bytes(*entry);
  std::string_view const order(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  if (order != "little")
    throw Error("the byte order is " + shown(order) + ", not 'little'", archive.file().path(),
                "save it on a little-endian machine");
}

/// The storages of an archive, `data/KEY` each. They are stored at multiples of 64 bytes; where a
/// repacked archive is not so kind, a storage is copied once, so that its tensors still share it.
class ArchiveStorages {
 public:
  ArchiveStorages(ZipArchive const& archive, std::string folder, Pickle const& pickle)
      : archive_(archive), folder_(std::move(folder)), pickle_(pickle) {}

  StorageMemory const& operator()(PickleStorage const& storage, std::string const& where) {
    auto const& key = *pickle_.get<std::string>(storage.key);
    StorageType const type = storage_type(pickle_, storage, where);
    auto found = by_key_.find(key);
    if (found == by_key_.end()) {
      ZipEntry const* const entry = archive_.find(folder_ + "data/" + key);
      if (entry == nullptr)
        throw Error("the storage " + shown(key) + " is not in the archive", where,
                    "the file is damaged");
      std::span<std::byte const> const bytes = archive_.bytes(*entry);
      StorageMemory const memory{bytes.data(), bytes.size(), archive_.owner(bytes)};
      found = by_key_.emplace(key, aligned_memory(memory, 8)).first;
    }
    if (storage.view_count >= 0 || storage_bytes(storage, type, where) > found->second.bytes)
      throw Error("the storage " + shown(key) + " is shorter than its tensors need", where,
                  "the file is damaged");
    return found->second;
  }

 private:
  ZipArchive const& archive_;
  std::string folder_;
  Pickle const& pickle_;
  std::unordered_map<std::string, StorageMemory> by_key_;
};

}  // namespace detail

/// Reads torch.save's zip format (torch >= 1.6) and TorchScript archives; `section` as for
/// `open_checkpoint`. Throws Error.
inline Checkpoint read_torch_zip(std::shared_ptr<MappedFile const> const& file,
                                 std::string_view section = {}) {
  std::string const& path = file->path();
  ZipArchive const archive(file);
  std::string const folder = detail::archive_folder(archive);
  detail::check_byte_order(archive, folder);
  // Both hold data.pkl; only torch.jit.save adds the constants of its code.
  bool const script = archive.find(folder + "constants.pkl") != nullptr;
  Pickle const pickle = unpickle(archive.checked_bytes(*archive.find(folder + "data.pkl")), path);
  StateDict state = script && pickle.get<PickleObject>(pickle.root) != nullptr
                        ? flatten_module(pickle, path)
                        : find_state_dict(pickle, path, section);
  return resolve_tensors(script ? "torchscript" : "torch zip", pickle, std::move(state),
                         detail::ArchiveStorages(archive, folder, pickle), path);
}

}  // namespace vlsm::io
