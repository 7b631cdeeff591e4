// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "vlsm/base/error.hpp"

namespace vlsm::io {

/// A lock between processes. It ends with the process, however that ends.
class FileLock {
 public:
  FileLock() = default;
  /// Locks a file, which is made where there is none: at once, or not at all (`held()`); `wait`:
  /// however long it takes. Throws Error where the file cannot be made, or its disk has no locks.
  explicit FileLock(std::filesystem::path const& path, bool wait = false) {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0)
      throw Error(std::string("the folder cannot be locked (") + std::strerror(errno) + ")",
                  path.string(), "check the folder, its permissions and the free space");
    if (::flock(file_, LOCK_EX | (wait ? 0 : LOCK_NB)) == 0) return;
    int const why = errno;
    ::close(std::exchange(file_, -1));
    if (why != EWOULDBLOCK)
      throw Error(std::string("this file system has no locks (") + std::strerror(why) + ")",
                  path.string(), "choose a folder on another disk");
  }
  /// Locks a folder itself, at once or not at all, and leaves nothing in it. On a disk without such
  /// locks (some network file systems) it is held by everyone. Throws Error where the folder cannot
  /// be opened.
  static FileLock of_folder(std::filesystem::path const& folder) {
    FileLock lock;
    lock.file_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock.file_ < 0)
      throw Error(std::string("the folder cannot be opened (") + std::strerror(errno) + ")",
                  folder.string(), "check the path and its permissions");
    if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      ::close(std::exchange(lock.file_, -1));
    return lock;
  }
  FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileLock() {
    if (file_ >= 0) ::close(file_);
  }
  bool held() const { return file_ >= 0; }

 private:
  int file_ = -1;
};

}  // namespace vlsm::io
