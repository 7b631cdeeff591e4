// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "vlsm/base/error.hpp"

namespace vlsm::io {

/// A file that appears under its name only when it is complete: it is written beside it, as
/// `NAME.partial-N`, flushed to the disk and renamed. Without `commit` (an exception, say) it is
/// removed again; what a killed process left is removed when the same file is next written.
class AtomicFile {
 public:
  /// Starts the file. Throws Error where the folder does not exist or cannot be written, and where
  /// the name is that of a device, a pipe or a folder: the rename would put a file in its place.
  explicit AtomicFile(std::filesystem::path const& path) : path_(path.string()) {
    std::error_code ignored;
    auto const there = std::filesystem::status(path, ignored);  // of a link, what it leads to
    if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
      throw Error("this is no regular file", path_, "name a file");
    clean_up(path);
    for (unsigned n = 0; !start(partial_name(path_, n));) ++n;
  }

  ~AtomicFile() {
    if (!done_) ::unlink(partial_.c_str());
    ::close(file_);
  }
  AtomicFile(AtomicFile const&) = delete;
  AtomicFile& operator=(AtomicFile const&) = delete;

  /// Removes what killed processes left of the file at `path`.
  static void clean_up(std::filesystem::path const& path) {
    constexpr unsigned writers = 4;  // at once; more than one is rare
    for (unsigned n = 0; n < writers; ++n) remove_abandoned(partial_name(path.string(), n));
  }

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
    close_for_good(flush);
    if (std::rename(partial_.c_str(), path_.c_str()) != 0) fail("the file cannot be renamed");
    done_ = true;
    if (flush) sync_folder();
  }

  /// Makes the file appear where there is none of that name yet. False where there is one, which
  /// stays as it is, also if another process made it this moment. Throws Error as `commit` does.
  bool commit_new(bool flush = true) {
    close_for_good(flush);
    // A link, not a rename: it fails where the name is taken. Not all file systems have links, nor
    // all the rename that does so.
    if (::link(partial_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST) return false;
      if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST) return false;
        fail("the file cannot be given its name");
      }
      done_ = true;
    }
    if (flush) sync_folder();
    return true;
  }

 private:
  void close_for_good(bool flush) {
    if (flush && ::fsync(file_) != 0) fail("the file cannot be flushed to the disk");
    // Some file systems tell of a failed write only when a handle is closed; the lock of the other
    // one has to last until the file has its name.
    if (int const second = ::dup(file_); second < 0 || ::close(second) != 0)
      fail("the file cannot be closed");
  }

  [[noreturn]] void fail(std::string what) {
    // The destructor does not run where the constructor throws; nothing exists then.
    int const why = errno;
    what += std::string(" (") + std::strerror(why) + ")";
    constexpr char const* remedy = "check the folder, its permissions and the free space";
    if (why == ENOSPC || why == EDQUOT || why == EFBIG) throw NoSpace(what, path_, remedy);
    throw Error(what, path_, remedy);
  }

  static std::string partial_name(std::string const& path, unsigned n) {
    return path + ".partial-" + std::to_string(n);
  }

  // A lock tells that someone writes the file; a killed process has none. A file system without
  // locks cannot tell: nothing is removed there.

  /// Makes the partial file and locks it. False where there is one already, or where another
  /// process took the new one for abandoned.
  bool start(std::string const& partial) {
    partial_ = partial;
    // A plain open, not mkstemp: the mode then follows the user's umask.
    int const file = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno == EEXIST) return false;
    if (file < 0) fail("the file cannot be created");
    bool const locked = ::flock(file, LOCK_EX | LOCK_NB) == 0;
    if (locked ? is_named(file, partial) : errno != EWOULDBLOCK) file_ = file;
    if (file_ < 0) ::close(file);
    return file_ >= 0;
  }

  /// Removes a partial file that nobody writes any more.
  static void remove_abandoned(std::string const& partial) {
    int const file = ::open(partial.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return;
    if (::flock(file, LOCK_EX | LOCK_NB) == 0 && is_named(file, partial)) ::unlink(partial.c_str());
    ::close(file);
  }

  /// Whether the name still means this file, after another process may have changed that.
  static bool is_named(int file, std::string const& name) {
    struct stat mine {
    }, named{};
    return ::fstat(file, &mine) == 0 && ::stat(name.c_str(), &named) == 0 &&
           mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
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

/// Writes a file, whole or not at all; `flush` as in AtomicFile::commit. Throws Error.
inline void write_whole_file(std::filesystem::path const& path, std::string_view bytes,
                             bool flush = true) {
  AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit(flush);
}

/// Writes a file of a new name, whole or not at all. False, and nothing is written, where there is
/// one of that name. Throws Error.
inline bool write_new_file(std::filesystem::path const& path, std::string_view bytes) {
  std::error_code ignored;  // whatever it is: a name that is taken is no fault
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) return false;
  AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  return file.commit_new();
}

}  // namespace vlsm::io
