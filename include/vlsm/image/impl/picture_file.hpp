// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <istream>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "vlsm/base/error.hpp"

namespace vlsm::detail {

/// A picture's file, read where it is asked for.
class PictureFile {
 public:
  /// One that is all in memory, called `path` in messages.
  PictureFile(std::string const& bytes, std::filesystem::path path)
      : path_(std::move(path)),
        in_(std::make_unique<std::istringstream>(bytes)),
        size_(bytes.size()) {}
  explicit PictureFile(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code failed;
    if (std::filesystem::is_directory(path_, failed))
      throw Error("this is a folder, not a picture", path_.string(), "name a file in it");
    if (std::filesystem::exists(path_, failed) && !std::filesystem::is_regular_file(path_, failed))
      throw Error("this is not a regular file", path_.string(),
                  "write the picture to a file first");
    size_ = std::filesystem::file_size(path_, failed);
    if (failed)
      throw Error("the picture cannot be read", path_.string(),
                  "check that the file exists and may be read");
    if (size_ == 0)
      throw Error("the picture is empty", path_.string(), "give a PNG, JPEG or TIFF file");
    if (size_ > 1u << 30)
      throw Error("the picture's file is larger than 1 GiB", path_.string(),
                  "give a smaller PNG, JPEG or TIFF file");
    in_ = std::make_unique<std::ifstream>(path_, std::ios::binary);
    if (read(0, 1).empty())
      throw Error("the picture cannot be read", path_.string(), "check that the file may be read");
  }
  std::size_t size() const { return size_; }
  std::filesystem::path const& path() const { return path_; }

  /// At most `count` bytes from `at`; fewer at the end.
  std::string read(std::size_t at, std::size_t count) {
    if (at >= size_) return {};
    std::string bytes(std::min(count, size_ - at), '\0');
    in_->clear();
    in_->seekg(static_cast<std::streamoff>(at));
    in_->read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in_->gcount()));
    return bytes;
  }

  // As each_segment wants it: a window that moves along.
  unsigned byte(std::size_t at) {
    if (at < from_ || at >= from_ + window_.size()) window_ = read(from_ = at, 4096);
    return at - from_ < window_.size() ? static_cast<unsigned char>(window_[at - from_]) : 0;
  }
  std::size_t find_ff(std::size_t at) {
    while (at < size_ && byte(at) != 0xff) ++at;
    return at;
  }
  std::string segment(std::size_t at) {
    std::size_t const length = byte(at) << 8 | byte(at + 1);
    return read(at + 2, length < 2 ? 0 : length - 2);
  }

 private:
  std::filesystem::path path_;
  std::unique_ptr<std::istream> in_;
  std::size_t size_ = 0, from_ = 0;
  std::string window_;
};

}  // namespace vlsm::detail
