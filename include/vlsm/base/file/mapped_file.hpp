// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"

namespace vlsm::io {

/// A file in memory, private to this process: writing to the memory copies the page and leaves the
/// file alone, so a tensor over it can be trained. The file must not shrink while it is mapped
/// (reading beyond its new end would raise SIGBUS): write new weights beside it and rename.
class MappedFile {
 public:
  /// Maps `path`. Throws Error for a missing, unreadable or empty file, for anything but a regular
  /// file, and for a Git LFS pointer.
  static std::shared_ptr<MappedFile const> open(std::filesystem::path const& path) {
    // O_NONBLOCK: opening a named pipe would otherwise wait for a writer.
    int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) fail_to_open(path, errno);
    struct Closer {
      int file;
      ~Closer() { ::close(file); }
    } const closer{file};

    struct stat info {};
    if (::fstat(file, &info) != 0) fail_to_open(path, errno);
    if (S_ISDIR(info.st_mode))
      throw Error("this is a folder, not a file", path.string(), "name a file in it");
    if (!S_ISREG(info.st_mode))
      throw Error("this is not a regular file", path.string(), "copy the data into a file first");
    if (info.st_size == 0)
      throw Error("the file is empty", path.string(), "download or copy it again");

    auto const size = static_cast<std::size_t>(info.st_size);
    // Without MAP_NORESERVE a strict kernel counts the whole file as memory that may be written.
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
    if (memory == MAP_FAILED)
      throw Error(std::string("the file cannot be mapped (") + std::strerror(errno) + ")",
                  path.string(), "check the free memory and the file system");
    std::shared_ptr<MappedFile const> mapped(
        new MappedFile(static_cast<std::byte*>(memory), size, path.string()));
    refuse_lfs_pointer({static_cast<char const*>(memory), size}, path.string());
    return mapped;
  }

  /// A file in memory only: a copy of `bytes`, called `path` in messages. Throws Error where there
  /// are no bytes.
  static std::shared_ptr<MappedFile const> in_memory(std::span<std::byte const> bytes,
                                                     std::string path) {
    if (bytes.empty()) throw Error("the file is empty", path, "download or copy it again");
    std::unique_ptr<std::byte[]> memory(new std::byte[bytes.size()]);
    std::memcpy(memory.get(), bytes.data(), bytes.size());
    auto* const file = new MappedFile(memory.get(), bytes.size(), std::move(path));
    file->own_ = std::move(memory);
    return std::shared_ptr<MappedFile const>(file);
  }

  ~MappedFile() {
    if (!own_) ::munmap(memory_, size_);
  }
  MappedFile(MappedFile const&) = delete;
  MappedFile& operator=(MappedFile const&) = delete;

  std::span<std::byte const> bytes() const { return {memory_, size_}; }

  /// Gives the memory of `part` back, but for the pages that it shares with its neighbors: they are
  /// read from the file again when they are next looked at. What was written to them is lost. Bytes
  /// outside of the mapping, and copies (of no file), are left alone.
  void forget(std::span<std::byte const> part) const {
    static auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    auto const first = reinterpret_cast<std::uintptr_t>(memory_),
               begin = reinterpret_cast<std::uintptr_t>(part.data()), end = begin + part.size();
    if (own_ || begin < first || end > first + size_) return;
    std::uintptr_t const from = (begin + page - 1) / page * page, to = end / page * page;
    if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  }

  std::size_t size() const { return size_; }
  /// As it was given to `open`, for messages.
  std::string const& path() const { return path_; }

 private:
  MappedFile(std::byte* memory, std::size_t size, std::string path)
      : memory_(memory), size_(size), path_(std::move(path)) {}

  [[noreturn]] static void fail_to_open(std::filesystem::path const& path, int code) {
    if (code == ENOENT || code == ENOTDIR)
      throw Error("no such file", path.string(), "check the path");
    if (code == EACCES || code == EPERM)
      throw Error("the file may not be read", path.string(), "check its permissions");
    throw Error(std::string("the file cannot be opened (") + std::strerror(code) + ")",
                path.string(), "check the path and the file system");
  }

  std::byte* memory_;
  std::size_t size_;
  std::string path_;
  std::unique_ptr<std::byte[]> own_{};  // where there is no file
};

/// `part` of `file` as the owner of an Array: once nobody uses it any more, its pages are given
/// back. The memory is private and may be written through it. A part is lent once, and none that
/// overlaps another.
inline std::shared_ptr<void> owner_of(std::shared_ptr<MappedFile const> const& file,
                                      std::span<std::byte const> part) {
  return {const_cast<std::byte*>(part.data()), [file, part](void*) { file->forget(part); }};
}

}  // namespace vlsm::io
