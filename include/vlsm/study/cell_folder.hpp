// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/file_lock.hpp"
#include "vlsm/base/file/files.hpp"

namespace vlsm::study {

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
  /// Makes the folder and locks it; see io::FileLock. Throws Error where that fails.
  io::FileLock lock() const {
    io::make_folder(path_, "check the folder, its permissions and the free space");
    return io::FileLock(path_ / ".lock");
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
