// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/crc32.hpp"

// Scalars and pictures over steps in the form that TensorBoard reads: a file of TFRecords, each of
// which holds a protobuf message of type Event.
namespace vlsm {

namespace detail {

/// The checksum as it is stored: TFRecords mask it, because a CRC over data that contains CRCs is
/// weak.
inline std::uint32_t masked_crc32c(std::string_view bytes) {
  return std::rotr(io::crc32c(std::as_bytes(std::span(bytes))), 15) + 0xa282ead8u;
}

/// The bytes of an integer, the lowest first, on every machine.
template <class Unsigned>
std::string little_endian(Unsigned value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
  return bytes;
}

/// The four kinds of protobuf field that an Event needs; each begins with its number and wire type.
namespace protobuf {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes += static_cast<char>(value);
}
inline std::string field(unsigned number, std::int64_t value) {
  return varint(number << 3) + varint(static_cast<std::uint64_t>(value));
}
inline std::string field(unsigned number, double value) {
  return varint(number << 3 | 1) + little_endian(std::bit_cast<std::uint64_t>(value));
}
inline std::string field(unsigned number, float value) {
  return varint(number << 3 | 5) + little_endian(std::bit_cast<std::uint32_t>(value));
}
inline std::string field(unsigned number, std::string_view bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

}  // namespace protobuf

/// One TFRecord: length, checksum of the length, data, checksum of the data.
inline std::string tf_record(std::string_view data) {
  std::string const length = little_endian(std::uint64_t{data.size()});
  return length + little_endian(masked_crc32c(length)) + std::string(data) +
         little_endian(masked_crc32c(data));
}

}  // namespace detail

/// A file of scalars and pictures over steps that TensorBoard shows (`tensorboard --logdir
/// FOLDER`). It only grows, one system call a record, so a killed run leaves a file that can be
/// read, and a run that is resumed adds a second file to the folder, which TensorBoard joins with
/// the first.
class EventFile {
 public:
  /// Starts `folder`/events.out.tfevents.<unix seconds>.<host>.<pid>; makes the folder where it is
  /// missing. Throws Error where the file cannot be written.
  explicit EventFile(std::filesystem::path const& folder) {
    std::error_code ignored;  // opening the file reports the same trouble, with the file's name
    std::filesystem::create_directories(folder, ignored);
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0 || host[0] == 0) host = {"localhost"};
    std::string const name = "events.out.tfevents." +
                             std::to_string(static_cast<std::int64_t>(now())) + "." + host.data() +
                             "." + std::to_string(::getpid());
    path_ = folder / name;
    // Two files of one process may begin within a second.
    for (int again = 1; (file_ = open()) < 0 && errno == EEXIST; ++again) {
      path_ = folder / (name + "." + std::to_string(again));
    }
    if (file_ < 0) fail("the event file cannot be created", errno);
    try {
      append(detail::protobuf::field(1, now()) + detail::protobuf::field(3, "brain.Event:2"));
    } catch (...) {
      ::close(file_);
      throw;
    }
  }

  ~EventFile() { ::close(file_); }
  EventFile(EventFile const&) = delete;
  EventFile& operator=(EventFile const&) = delete;

  /// Appends the value of `tag` (UTF-8; "val/dice", say: TensorBoard groups by what is before the
  /// slash) at `step`. The format keeps 32 bits of the value. Throws Error, on a full disk for
  /// example; the records before are untouched and a later call may succeed.
  void add(std::string_view tag, std::int64_t step, double value) {
    using detail::protobuf::field;
    std::string const scalar = field(1, tag) + field(2, static_cast<float>(value));
    append(field(1, now()) + field(2, step) + field(5, field(1, scalar)));
  }

  /// Appends a picture, a whole PNG file of that size, likewise.
  void add_picture(std::string_view tag, std::int64_t step, std::string_view png,
                   std::size_t height, std::size_t width) {
    using detail::protobuf::field;
    std::string const picture = field(1, static_cast<std::int64_t>(height)) +
                                field(2, static_cast<std::int64_t>(width)) +
                                field(3, std::int64_t{3}) + field(4, png);  // three channels
    append(field(1, now()) + field(2, step) +
           field(5, field(1, field(1, tag) + field(4, picture))));
  }

  /// The name of the file, folder included.
  std::filesystem::path const& path() const { return path_; }

 private:
  static double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  int open() const {
    return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  }

  void append(std::string const& event) {
    std::string const record = detail::tf_record(event);
    for (std::size_t done = 0; done < record.size();) {
      ssize_t const written = ::write(file_, record.data() + done, record.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        int const reason = errno;
        // Readers stop at half a record, which would hide whatever is added after it.
        [[maybe_unused]] int const cut = ::ftruncate(file_, size_);
        fail("the event file cannot be written", reason);
      }
      done += static_cast<std::size_t>(written);
    }
    size_ += static_cast<off_t>(record.size());
  }

  [[noreturn]] void fail(std::string const& what, int reason) const {
    throw Error(what + " (" + std::strerror(reason) + ")", path_.string(),
                "check the folder, its permissions and the free space");
  }

  std::filesystem::path path_;
  int file_ = -1;
  off_t size_ = 0;
};

}  // namespace vlsm
