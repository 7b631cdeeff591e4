// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "vlsm/base/error.hpp"

namespace vlsm::study {

/// A lock between processes, on a file that is made where there is none. It ends with the process,
/// however that ends.
class FileLock {
 public:
  FileLock() = default;
  /// Locks at once, or not at all (`held()`); `wait`: however long it takes. Throws Error where the
  /// file cannot be made.
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

/// The folder of a cell: `config.json` first, `metrics.json` last of all, so that a cell is
/// finished when that one is there.
class CellFolder {
 public:
  /// Where `study` is empty, that of a study without a folder: nothing is finished.
  CellFolder(std::filesystem::path const& study, std::string const& id)
      : path_(study.empty() ? study : study / "cells" / id) {}

  std::filesystem::path const& path() const { return path_; }
  std::filesystem::path config() const { return path_ / "config.json"; }
  std::filesystem::path metrics() const { return path_ / "metrics.json"; }
  std::filesystem::path error() const { return path_ / "error.txt"; }
  std::filesystem::path figures() const { return path_ / "figures"; }

  /// What error.txt says; empty where there is none.
  std::string failure() const {
    std::ifstream in(error());
    std::string line;
    std::getline(in, line);
    return line;
  }
  /// Whether error.txt was written after that moment.
  bool failed_since(std::filesystem::file_time_type moment) const {
    std::error_code failed;
    auto const written = std::filesystem::last_write_time(error(), failed);
    return !failed && written > moment;
  }
  bool finished() const {
    std::error_code ignored;
    return !path_.empty() && std::filesystem::exists(metrics(), ignored);
  }
  /// Makes the folder and locks it; see FileLock. Throws Error where that fails.
  FileLock lock() const {
    std::error_code failed;
    std::filesystem::create_directories(path_, failed);
    if (failed)
      throw Error("the folder cannot be made (" + failed.message() + ")", path_.string(),
                  "check the folder, its permissions and the free space");
    return FileLock(path_ / ".lock");
  }
  /// Takes the lock's file away, once the cell is finished.
  void clear_lock() const {
    std::error_code ignored;
    std::filesystem::remove(path_ / ".lock", ignored);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace vlsm::study
