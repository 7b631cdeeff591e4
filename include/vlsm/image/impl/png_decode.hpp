// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "vlsm/base/file/inflate.hpp"
#include "vlsm/image/png_chunks.hpp"
#include "vlsm/image/png_paeth.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm::detail {

/// Undoes the filter of one row, given the row above it (zeros above the first).
template <std::size_t bpp>
bool png_unfilter(int filter, std::uint8_t* row, std::uint8_t const* above, std::size_t size) {
  auto const left = [&](std::size_t i) { return i < bpp ? 0 : row[i - bpp]; };
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (std::size_t i = bpp; i < size; ++i)
        row[i] = static_cast<std::uint8_t>(row[i] + row[i - bpp]);
      return true;
    case 2:
      for (std::size_t i = 0; i < size; ++i) row[i] = static_cast<std::uint8_t>(row[i] + above[i]);
      return true;
    case 3:
      for (std::size_t i = 0; i < size; ++i)
        row[i] = static_cast<std::uint8_t>(row[i] + (left(i) + above[i]) / 2);
      return true;
    case 4:
      undo_paeth<bpp>(row, above, size);
      return true;
    default:
      return false;
  }
}

inline bool png_unfilter(std::size_t bpp, int filter, std::uint8_t* row, std::uint8_t const* above,
                         std::size_t size) {
  switch (bpp) {
    case 1:
      return png_unfilter<1>(filter, row, above, size);
    case 2:
      return png_unfilter<2>(filter, row, above, size);
    case 3:
      return png_unfilter<3>(filter, row, above, size);
    case 4:
      return png_unfilter<4>(filter, row, above, size);
    case 6:
      return png_unfilter<6>(filter, row, above, size);
    default:
      return png_unfilter<8>(filter, row, above, size);
  }
}

/// The samples of a row to their places among `bytes`, or `words` if they have 16 bits, `step`
/// pixels apart.
inline void put_png_row(PngHeader const& header, std::uint8_t const* row, std::size_t columns,
                        std::size_t at, std::size_t step, std::uint8_t* bytes,
                        std::uint16_t* words) {
  std::size_t const channels = header.channels();
  if (header.depth == 16) {
    for (std::size_t x = 0; x < columns; ++x)
      for (std::size_t c = 0; c < channels; ++c, row += 2)
        words[(at + x * step) * channels + c] = static_cast<std::uint16_t>(row[0] << 8 | row[1]);
  } else if (header.depth == 8 && step == 1) {
    std::copy_n(row, columns * channels, bytes + at * channels);
  } else if (header.depth == 8) {
    for (std::size_t x = 0; x < columns; ++x, row += channels)
      std::copy_n(row, channels, bytes + (at + x * step) * channels);
  } else {
    unsigned const depth = header.depth, mask = (1u << depth) - 1, in_byte = 8 / depth;
    for (std::size_t x = 0; x < columns; ++x)
      bytes[at + x * step] =
          static_cast<std::uint8_t>(row[x / in_byte] >> (8 - depth - x % in_byte * depth) & mask);
  }
}

/// The rows of all passes, each behind the byte of its filter; nothing where they are damaged, not
/// all there, or far more than that.
inline std::unique_ptr<std::uint8_t[]> png_rows(PngHeader const& header, std::string_view data) {
  std::size_t size = 0;
  for (PngPass const& pass : png_passes(header))
    if (pass.columns(header) > 0)
      size += pass.rows(header) * (1 + header.row(pass.columns(header)));
  // The zlib stream's header (RFC 1950); its checksum is left, since each chunk has one.
  if (data.size() < 2 || (data[0] & 15) != 8 || (data[1] & 32) != 0 ||
      big_endian(data, 0, 2) % 31 != 0)
    return {};
  data.remove_prefix(2);
  std::unique_ptr<std::uint8_t[]> rows(new std::uint8_t[size]);
  auto result = io::inflate(data, rows.get(), size);
  if (result.state == io::Inflated::State::no_room) {  // PIL, too, takes what is too much
    constexpr std::size_t most = 64u << 20;            // a small file can unpack to gigabytes
    std::size_t const room = size + std::min(size, most) + 2 * data.size() + (1u << 16);
    rows.reset();
    rows.reset(new std::uint8_t[room]);
    result = io::inflate(data, rows.get(), room);
  }
  if (result.state != io::Inflated::State::done || result.written < size) return {};
  return rows;
}

/// RGBA of 256 indices; empty where the chunk is not a palette. What lies beyond it is black, as in
/// PIL.
inline std::vector<std::array<std::uint8_t, 4>> png_palette(PngParts const& parts) {
  std::string_view const colors = parts.palette;
  if (colors.empty() || colors.size() % 3 != 0 || colors.size() > 3 * 256) return {};
  std::vector<std::array<std::uint8_t, 4>> palette(256, {0, 0, 0, 255});
  for (std::size_t i = 0; i < colors.size(); ++i)
    palette[i / 3][i % 3] = static_cast<std::uint8_t>(colors[i]);
  for (std::size_t i = 0; i < std::min<std::size_t>(parts.transparency.size(), 256); ++i)
    palette[i][3] = static_cast<std::uint8_t>(parts.transparency[i]);
  return palette;
}

/// The samples of a PNG whose size is checked; nothing where the file is damaged or cut off.
inline std::optional<RawPicture> decode_png(std::string_view bytes, RgbPlace const& place) {
  PngHeader const header = png_header(bytes);
  PngParts const parts = png_parts(bytes);
  if (!header.known() || !parts.whole) return std::nullopt;
  RawPicture picture{.height = header.height,
                     .width = header.width,
                     .channels = static_cast<int>(header.channels()),
                     .bits = static_cast<int>(header.depth)};
  if (header.palette()) {
    picture.palette = png_palette(parts);
    if (picture.palette.empty()) return std::nullopt;
  }
  auto const rows = png_rows(header, parts.data);
  if (!rows) return std::nullopt;
  std::size_t const samples = header.height * header.width * header.channels();
  std::uint8_t* placed = nullptr;
  if (header.depth == 16)
    picture.words.resize(samples);
  else if (place && header.depth == 8 && header.color == 2)
    placed = place(header.height, header.width);
  else
    picture.bytes.resize(samples);
  std::uint8_t* row = rows.get();
  std::vector<std::uint8_t> const nothing(header.row(header.width));
  for (PngPass const& pass : png_passes(header)) {
    std::size_t const columns = pass.columns(header), size = header.row(columns);
    if (columns == 0) continue;
    std::uint8_t const* above = nothing.data();
    for (std::size_t y = 0; y < pass.rows(header); ++y, row += 1 + size) {
      if (!png_unfilter(std::max<std::size_t>(1, header.channels() * header.depth / 8), *row,
                        row + 1, above, size))
        return std::nullopt;
      above = row + 1;
      put_png_row(header, above, columns, (pass.y + y * pass.dy) * header.width + pass.x, pass.dx,
                  placed ? placed : picture.bytes.data(), picture.words.data());
    }
  }
  return picture;
}

}  // namespace vlsm::detail
