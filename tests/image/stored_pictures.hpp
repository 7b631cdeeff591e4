// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/base/file/crc32.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm::test {

/// A file of tests/data/pictures and what Pillow makes of it.
struct StoredPicture {
  std::string name, bytes;
  std::size_t width, height;
  std::vector<std::string> expected;  ///< the rest of its line
};

/// All files of `kind`, "jpeg" or "png".
inline std::vector<StoredPicture> stored_pictures(std::string const& kind) {
  std::string const blob = read_file(fixture("pictures/" + kind + ".bin").value());
  std::ifstream in(fixture("pictures/" + kind + ".txt").value());
  std::vector<StoredPicture> files;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    StoredPicture one;
    std::size_t offset = 0, size = 0;
    words >> one.name >> offset >> size >> one.width >> one.height;
    one.expected.assign(std::istream_iterator<std::string>(words), {});
    one.bytes = blob.substr(offset, size);
    files.push_back(std::move(one));
  }
  return files;
}

/// The bytes of the file of this name.
inline std::string bytes_of(std::vector<StoredPicture> const& files, std::string const& name) {
  for (StoredPicture const& file : files)
    if (file.name == name) return file.bytes;
  FAIL("no file is called ", name);
  return {};
}

/// What read_image says of bad bytes: the message of its Error, "" where it throws none.
inline std::string error_of_picture(std::string const& bytes) {
  TempDir const folder;
  write_file(folder / "picture", bytes);
  return error_of([&] { return read_image(folder / "picture"); });
}

/// The CRC-32 of an array of bytes, in hexadecimal.
template <class Array>
std::string checksum(Array const& bytes) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x",
                io::crc32(std::as_bytes(std::span(bytes.data(), bytes.size()))));
  return text;
}

}  // namespace vlsm::test
