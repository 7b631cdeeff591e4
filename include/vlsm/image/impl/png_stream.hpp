// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "vlsm/image/png_paeth.hpp"

// Who packs: zlib, whose streams can be joined, so that all cores pack; else libdeflate, else stb.
#if defined(VLSM_ZLIB)
#include <zlib.h>

#include <atomic>
#include <future>
#include <thread>
#elif defined(VLSM_LIBDEFLATE)
#include <libdeflate.h>
#else
#include "vlsm/base/stb_write.hpp"
#endif

// The rows of a gray or RGB picture as the zlib stream (RFC 1950) that a PNG file holds.
namespace vlsm::detail {

/// A row behind the number of its filter, Paeth's: zeros where it equals the row above, as most
/// rows of a mask do; of a photograph's filters the one that packs best.
inline void png_filter(std::uint8_t const* row, std::uint8_t const* above, std::size_t size,
                       std::size_t channels, std::uint8_t* out) {
  *out = 4;
  (channels == 1 ? paeth<1> : paeth<3>)(row, above, size, out + 1);
}

#if defined(VLSM_ZLIB)

struct PngStripe {
  std::string packed;
  uLong checksum = 1;  // Adler-32 of its filtered rows
  std::size_t size = 0;
};

/// Some rows as a DEFLATE stream that ends at a whole byte and, but for the last, can go on.
inline PngStripe pack_png_stripe(std::uint8_t const* pixels, std::size_t first, std::size_t end,
                                 std::size_t row, std::size_t channels, bool last) {
  PngStripe stripe;
  z_stream stream{};
  // Runs alone: the filter leaves little else, and they are found twice as fast.
  if (deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_RLE) != Z_OK)
    throw std::bad_alloc();
  std::unique_ptr<z_stream, int (*)(z_stream*)> const finish(&stream, deflateEnd);
  std::vector<std::uint8_t> const nothing(row);
  std::vector<std::uint8_t> filtered(row + 1);
  constexpr std::size_t step = 1u << 16;
  for (std::size_t y = first; y < end; ++y) {
    std::uint8_t const* const above = y == 0 ? nothing.data() : pixels + (y - 1) * row;
    png_filter(pixels + y * row, above, row, channels, filtered.data());
    stripe.checksum = adler32_z(stripe.checksum, filtered.data(), filtered.size());
    stripe.size += filtered.size();
    stream.next_in = filtered.data();
    stream.avail_in = static_cast<uInt>(filtered.size());
    int const mode = y + 1 < end ? Z_NO_FLUSH : last ? Z_FINISH : Z_FULL_FLUSH;
    do {
      std::size_t const written = stream.total_out;
      if (stripe.packed.size() < written + step / 2) stripe.packed.resize(written + step);
      stream.next_out = reinterpret_cast<Bytef*>(stripe.packed.data()) + written;
      stream.avail_out = static_cast<uInt>(stripe.packed.size() - written);
      deflate(&stream, mode);
    } while (stream.avail_out == 0);
  }
  stripe.packed.resize(stream.total_out);
  return stripe;
}

/// `height` rows of `row` bytes, 1 or 3 a pixel, as the pieces of a stream. Stripes of one size,
/// however many cores there are: the same picture is the same file everywhere.
inline std::vector<std::string> png_stream(std::uint8_t const* pixels, std::size_t height,
                                           std::size_t row, std::size_t channels) {
  std::size_t const rows = std::max<std::size_t>(1, (4u << 20) / row),
                    count = (height + rows - 1) / rows;
  std::vector<PngStripe> stripes(count);
  std::atomic<std::size_t> next = 0;
  auto const work = [&] {
    for (std::size_t i; (i = next++) < count;)
      stripes[i] = pack_png_stripe(pixels, i * rows, std::min(height, (i + 1) * rows), row,
                                   channels, i + 1 == count);
  };
  std::vector<std::future<void>> helpers;
  std::size_t const cores = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 1; i < std::min(count, cores); ++i)
    helpers.push_back(std::async(std::launch::async, work));
  work();
  for (auto& helper : helpers) helper.get();
  uLong checksum = 1;
  std::vector<std::string> parts;
  for (PngStripe& stripe : stripes) {
    checksum = adler32_combine(checksum, stripe.checksum, static_cast<z_off_t>(stripe.size));
    parts.push_back(std::move(stripe.packed));
  }
  parts.front().insert(0, "\x78\x01");
  for (int shift : {24, 16, 8, 0}) parts.back() += static_cast<char>(checksum >> shift);
  return parts;
}

#else

inline std::vector<std::string> png_stream(std::uint8_t const* pixels, std::size_t height,
                                           std::size_t row, std::size_t channels) {
  std::vector<std::uint8_t> const nothing(row);
  std::vector<std::uint8_t> filtered(height * (row + 1));
  for (std::size_t y = 0; y < height; ++y)
    png_filter(pixels + y * row, y == 0 ? nothing.data() : pixels + (y - 1) * row, row, channels,
               filtered.data() + y * (row + 1));
#if defined(VLSM_LIBDEFLATE)
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> const compressor(
      libdeflate_alloc_compressor(1), libdeflate_free_compressor);
  if (!compressor) return {};
  std::string packed(libdeflate_zlib_compress_bound(compressor.get(), filtered.size()), '\0');
  packed.resize(libdeflate_zlib_compress(compressor.get(), filtered.data(), filtered.size(),
                                         packed.data(), packed.size()));
  return {packed};
#else
  if (filtered.size() > INT_MAX) return {};
  int size = 0;
  std::unique_ptr<unsigned char, void (*)(void*)> const packed(
      stb::stbi_zlib_compress(filtered.data(), static_cast<int>(filtered.size()), &size, 5),
      std::free);
  if (!packed) return {};
  return {std::string(reinterpret_cast<char const*>(packed.get()), static_cast<std::size_t>(size))};
#endif
}

#endif

}  // namespace vlsm::detail
