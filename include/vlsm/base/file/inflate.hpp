// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <climits>
#include <cstddef>
#include <memory>
#include <string_view>

// Who unpacks: libdeflate, else zlib, else stb_image. CMake says which of the first two is there.
#if defined(VLSM_LIBDEFLATE)
#include <libdeflate.h>
#elif defined(VLSM_ZLIB)
#include <zlib.h>
#else
#include "vlsm/base/stb_image.hpp"
#endif

namespace vlsm::io {

/// How unpacking ended, and how many bytes were written.
struct Inflated {
  /// `done`: the stream ended; `no_room`: it goes on, but `out` is full; `damaged`: anything else.
  enum class State { done, no_room, damaged };
  State state = State::damaged;
  std::size_t written = 0;  ///< bytes, where it is done
};

/// Unpacks a DEFLATE stream (RFC 1951) from the beginning of `in` into `room` bytes at `out`: what
/// a hostile stream unpacks to is bounded by the caller. `no_room` where the stream goes on; stb's
/// inflate does not tell that from damage.
inline Inflated inflate(std::string_view in, void* out, std::size_t room) {
  using enum Inflated::State;
#if defined(VLSM_LIBDEFLATE)
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> const decompressor(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  if (!decompressor) return {};
  std::size_t written = 0;
  switch (libdeflate_deflate_decompress(decompressor.get(), in.data(), in.size(), out, room,
                                        &written)) {
    case LIBDEFLATE_SUCCESS:
      return {done, written};
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      return {no_room};
    default:
      return {};
  }
#elif defined(VLSM_ZLIB)
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return {};
  std::unique_ptr<z_stream, int (*)(z_stream*)> const end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.next_out = static_cast<Bytef*>(out);
  std::size_t left = in.size();  // zlib counts in 32 bits
  for (int state = Z_OK;;) {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min<std::size_t>(left, UINT_MAX));
      left -= stream.avail_in;
    }
    std::size_t const written =
        static_cast<std::size_t>(stream.next_out - static_cast<Bytef*>(out));
    stream.avail_out = static_cast<uInt>(std::min<std::size_t>(room - written, UINT_MAX));
    bool const full = stream.avail_out == 0, empty = stream.avail_in == 0;
    state = ::inflate(&stream, Z_NO_FLUSH);
    if (state == Z_STREAM_END)
      return {done, static_cast<std::size_t>(stream.next_out - static_cast<Bytef*>(out))};
    if (full && !empty && state == Z_BUF_ERROR) return {no_room};
    if (state != Z_OK) return {};
  }
#else
  if (in.size() > INT_MAX || room > INT_MAX) return {};
  int const written = vlsm::detail::stb::vlsm_stbi_zlib_decode_noheader_buffer(
      static_cast<char*>(out), static_cast<int>(room), in.data(), static_cast<int>(in.size()));
  if (written < 0) return {no_room};
  return {done, static_cast<std::size_t>(written)};
#endif
}

}  // namespace vlsm::io
