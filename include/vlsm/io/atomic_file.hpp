// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include "vlsm/core/error.hpp"

namespace vlsm::io {

/// A file that appears under its name only when it is complete: it is written beside it, flushed to
/// the disk and renamed. Without `commit` (an exception, say) it is removed again.
class AtomicFile {
 public:
  /// Starts the file. Throws Error where the folder does not exist or cannot be written.
  explicit AtomicFile(std::filesystem::path const& path) : path_(path.string()) {
    static std::atomic<unsigned> counter{0};
    partial_ = path_ + ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    // A plain open, not mkstemp: the mode then follows the user's umask.
    file_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ < 0) fail("the file cannot be created");
  }

  ~AtomicFile() {
    if (file_ >= 0) ::close(file_);
    if (!done_) ::unlink(partial_.c_str());
  }
  AtomicFile(AtomicFile const&) = delete;
  AtomicFile& operator=(AtomicFile const&) = delete;

  /// Appends `bytes` bytes. Throws Error, on a full disk for example.
  void write(void const* data, std::size_t bytes) {
    auto const* at = static_cast<char const*>(data);
    while (bytes > 0) {
      // One call writes at most 2 GiB on Linux.
      ssize_t const written = ::write(file_, at, bytes < (1u << 30) ? bytes : (1u << 30));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("the file cannot be written");
      at += written;
      bytes -= static_cast<std::size_t>(written);
    }
  }

  /// Makes the file appear. Throws Error; the older file of that name is then untouched. Without
  /// `flush` the disk is not waited for: for the many small files of a set that can be made again.
  void commit(bool flush = true) {
    if (flush && ::fsync(file_) != 0) fail("the file cannot be flushed to the disk");
    int const file = file_;
    file_ = -1;
    if (::close(file) != 0) fail("the file cannot be closed");
    if (std::rename(partial_.c_str(), path_.c_str()) != 0) fail("the file cannot be renamed");
    done_ = true;
    if (flush) sync_folder();
  }

 private:
  [[noreturn]] void fail(std::string const& what) {
    // The destructor does not run where the constructor throws; nothing exists then.
    throw Error(what + " (" + std::strerror(errno) + ")", path_,
                "check the folder, its permissions and the free space");
  }

  // The rename itself survives a power cut only once the folder is on the disk. Some file systems
  // cannot do that; the file is complete either way.
  void sync_folder() const {
    std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    if (folder.empty()) folder = ".";
    int const handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return;
    ::fsync(handle);
    ::close(handle);
  }

  std::string path_;
  std::string partial_;
  int file_ = -1;
  bool done_ = false;
};

}  // namespace vlsm::io
