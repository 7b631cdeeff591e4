// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "io/builders.hpp"
#include "vlsm/base/file/gzip.hpp"
#include "vlsm/io/torch/zip/directory.hpp"

// What is packed: gzip, against zlib's own reader, and the directory of a zip archive.
namespace {

using namespace vlsm;

constexpr std::size_t room = 1u << 16;

/// What zlib makes of a gzip file, or nothing.
std::optional<std::string> by_zlib(std::string_view file) {
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) return std::nullopt;
  std::unique_ptr<z_stream, int (*)(z_stream*)> const end(&stream, inflateEnd);
  static std::vector<Bytef> out(room);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data()));
  stream.avail_in = static_cast<uInt>(file.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  if (::inflate(&stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  return std::string(reinterpret_cast<char const*>(out.data()), stream.total_out);
}

void check_gzip(std::string_view file, bool must_be_read) {
  auto const ours = io::gunzip(file, room);
  fuzz::require(ours || !must_be_read, "a sound gzip file is read");
  if (!ours) return;
  auto const theirs = by_zlib(file);
  // zlib looks at a checksum of the header, too.
  fuzz::require(!theirs || *theirs == *ours, "gzip unpacks to what zlib says");
}

/// A DEFLATE stream of the input's in a gzip file that is sound if the stream is.
void gzip_around(std::string_view deflated, unsigned flags) {
  static std::string out(room, '\0');
  auto const unpacked = io::inflate(deflated, out.data(), room);
  if (unpacked.state != io::Inflated::State::done) return;
  std::string_view const content(out.data(), unpacked.written);
  std::string file = "\x1f\x8b\x08";
  file += static_cast<char>(flags & 0x1c);
  file += std::string(6, '\0');
  if (flags & 0x04) file += std::string("\2\0ab", 4);
  if (flags & 0x08) file += std::string("name\0", 5);
  if (flags & 0x10) file += std::string("comment\0", 8);
  file += deflated;
  file += test::little(io::crc32(std::as_bytes(std::span(content))));
  file += test::little(static_cast<std::uint32_t>(content.size()));
  check_gzip(file, true);
}

void check_zip(std::string_view file) {
  fuzz::only_errors([&] {
    for (io::ZipEntry const& entry : io::read_zip_directory(std::as_bytes(std::span(file)), "file"))
      fuzz::require(entry.begin <= file.size() && entry.stored_size <= file.size() - entry.begin,
                    "an entry lies within its archive");
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Input input(data, size);
  unsigned const way = input.byte();
  if (way % 4 == 0)
    check_gzip(input.rest(), false);
  else if (way % 4 == 1)
    gzip_around(input.rest(), way);
  else
    check_zip(input.rest());
  return 0;
}
