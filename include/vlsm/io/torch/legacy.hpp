// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/io/torch/checkpoint_tensors.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"
#include "vlsm/io/torch/pickle/unpickler.hpp"
#include "vlsm/io/torch/state_dict.hpp"
#include "vlsm/io/torch/tensor.hpp"

namespace vlsm::io {

namespace detail {

// torch/serialization.py, _legacy_save and _legacy_load: five pickles (magic number, protocol 1001,
// system information, the object, the storage keys in order), then each storage as an int64
// element count and its raw elements.
class LegacyReader {
 public:
  LegacyReader(std::shared_ptr<MappedFile const> const& file, std::string_view section)
      : file_(file), path_(file->path()), section_(section), rest_(file->bytes()) {}

  Checkpoint run() {
    check_magic(next_pickle());
    check_protocol(next_pickle());
    check_system(next_pickle());
    pickle_ = next_pickle();
    read_storages(next_pickle());
    StateDict state = find_state_dict(pickle_, path_, section_);
    if (!rest_.empty())
      state.note("skipped: " + std::to_string(rest_.size()) + " bytes at the end");
    return resolve_tensors(
        "legacy pickle", pickle_, std::move(state),
        [this](PickleStorage const& storage, std::string const& where) {
          return memory_of(storage, where);
        },
        path_);
  }

 private:
  [[noreturn]] void fail(std::string const& what) const {
    throw Error(what, path_, "the file is damaged or cut off: download or copy it again");
  }

  Pickle next_pickle() {
    Pickle pickle = unpickle(rest_, path_);
    rest_ = rest_.subspan(pickle.consumed);
    return pickle;
  }

  void check_magic(Pickle const& pickle) const {
    constexpr std::string_view magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
    auto const* number = pickle.get<PickleBigInt>(pickle.root);
    if (number == nullptr || number->bytes != magic)
      throw Error("this is a plain pickle, not a file of torch.save", path_,
                  "load it in Python and write it with torch.save(state_dict, path)");
  }

  void check_protocol(Pickle const& pickle) const {
    auto const* version = pickle.get<std::int64_t>(pickle.root);
    if (version == nullptr || *version != 1001) fail("the protocol of the file is not 1001");
  }

  void check_system(Pickle const& pickle) const {
    auto const* info = pickle.get<PickleDict>(pickle.root);
    if (info == nullptr) fail("the system information is missing");
    for (auto const& [key, value] : info->items) {
      auto const* name = pickle.get<std::string>(key);
      auto const* little = pickle.get<bool>(value);
      if (name != nullptr && *name == "little_endian" && little != nullptr && !*little)
        throw Error("the file is big-endian", path_, "save it on a little-endian machine");
    }
  }

  // Which element size a storage has stands in the object, with the tensors that use it.
  void read_storages(Pickle const& keys) {
    std::unordered_map<std::string_view, PickleStorage const*> described;
    for (PickleValue const& value : pickle_.values)
      if (auto const* storage = std::get_if<PickleStorage>(&value))
        described.emplace(*pickle_.get<std::string>(storage->key), storage);
    auto const* list = keys.get<PickleList>(keys.root);
    if (list == nullptr) fail("the list of storages is missing");
    for (Ref item : list->items) {
      auto const* key = keys.get<std::string>(item);
      auto const found = key != nullptr ? described.find(*key) : described.end();
      if (found == described.end()) fail("a storage is listed that no tensor uses");
      StorageType const type = storage_type(pickle_, *found->second, path_);
      std::size_t const bytes = storage_bytes(*found->second, type, path_);
      if (rest_.size() < 8) fail("the file ends before the storage " + shown(*key));
      if (load_little<std::int64_t>(rest_.data()) != found->second->elements)
        fail("the storage " + shown(*key) + " has another size than its tensors say");
      if (rest_.size() - 8 < bytes)
        fail("the file ends inside the storage " + shown(*key) + ": " +
             std::to_string(bytes - (rest_.size() - 8)) + " bytes are missing");
      // Behind pickles of any length, hardly a storage is aligned: one copy each.
      StorageMemory const memory{rest_.data() + 8, bytes, owner_of(file_, rest_.subspan(8, bytes))};
      if (!storages_.emplace(*key, aligned_memory(memory, 8)).second)
        fail("the storage " + shown(*key) + " is listed twice");
      rest_ = rest_.subspan(8 + bytes);
    }
  }

  StorageMemory memory_of(PickleStorage const& storage, std::string const& where) const {
    auto const found = storages_.find(*pickle_.get<std::string>(storage.key));
    if (found == storages_.end())
      throw Error("the storage of the tensor is not in the file", where, "the file is damaged");
    StorageMemory memory = found->second;
    std::size_t const size = storage_type(pickle_, storage, where).size;
    if (storage.view_count < 0) return memory;
    // A view is a range of a larger storage and a storage of its own for the tensors over it.
    auto const stop = checked_sum(storage.view_begin, storage.view_count);
    if (!stop || static_cast<std::size_t>(*stop) > memory.bytes / size)
      throw Error("a view reaches beyond its storage", where, "the file is damaged");
    memory.data += static_cast<std::size_t>(storage.view_begin) * size;
    memory.bytes = static_cast<std::size_t>(storage.view_count) * size;
    return memory;
  }

  std::shared_ptr<MappedFile const> file_;
  std::string const& path_;
  std::string_view section_;
  std::span<std::byte const> rest_;
  Pickle pickle_;
  std::unordered_map<std::string, StorageMemory> storages_;
};

}  // namespace detail

/// Reads torch.save's format of before torch 1.6 (`_use_new_zipfile_serialization=False`);
/// `section` as for `open_checkpoint`. Throws Error, with a hint for other pickles.
inline Checkpoint read_legacy_pickle(std::shared_ptr<MappedFile const> const& file,
                                     std::string_view section = {}) {
  return detail::LegacyReader(file, section).run();
}

}  // namespace vlsm::io
