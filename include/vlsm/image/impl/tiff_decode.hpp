// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "vlsm/image/impl/tiff_file.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm::detail {

/// Whether a file begins as TIFF or BigTIFF, in either byte order.
inline bool is_tiff(std::string_view begin) {
  using namespace std::string_view_literals;
  for (std::string_view const magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv})
    if (begin.starts_with(magic)) return true;
  return false;
}

/// ", TIFF by libtiff 4.5.0", or nothing.
inline std::string tiff_reader() {
#ifdef VLSM_LIBTIFF
  std::string_view version = TIFFGetVersion();  // "LIBTIFF, Version 4.5.0", then lines of names
  version = version.substr(0, version.find('\n'));
  return ", TIFF by libtiff " + std::string(version.substr(version.rfind(' ') + 1));
#else
  return {};
#endif
}

#ifdef VLSM_LIBTIFF

/// Throws Error for kinds of TIFF that are not read, each by its name.
inline void check_tiff_kind(TiffFile const& file, TiffFields const& fields) {
  unsigned const bits = fields.bits, samples = fields.samples;
  switch (fields.compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_PACKBITS:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
      break;
    default: {
      TIFFCodec const* const codec = TIFFFindCODEC(fields.compression);
      file.refuse("this TIFF is packed by " + std::string(codec ? codec->name : "method") + " (" +
                  std::to_string(fields.compression) + "), which is not read");
    }
  }
  if (fields.format != SAMPLEFORMAT_UINT && fields.format != SAMPLEFORMAT_VOID)
    file.refuse("this TIFF's samples are signed, floating or complex, which is not read");
  bool const gray = fields.photometric == PHOTOMETRIC_MINISBLACK ||
                    fields.photometric == PHOTOMETRIC_MINISWHITE,
             rgb = fields.photometric == PHOTOMETRIC_RGB,
             palette = fields.photometric == PHOTOMETRIC_PALETTE;
  if (!gray && !rgb && !palette) {
    char const* const names[] = {"a transparency mask", "CMYK", "YCbCr"};
    bool const known =
        fields.photometric >= PHOTOMETRIC_MASK && fields.photometric <= PHOTOMETRIC_YCBCR;
    std::string const kind =
        known ? names[fields.photometric - PHOTOMETRIC_MASK]
              : "of photometric interpretation " + std::to_string(fields.photometric);
    file.refuse("this TIFF is " + kind + ", which is not read");
  }
  bool const few = bits == 1 || bits == 2 || bits == 4;
  if (bits != 8 && !(bits == 16 && !palette) && !(few && !rgb && samples == 1))
    file.refuse("this TIFF has " + std::to_string(samples) + " samples of " + std::to_string(bits) +
                " bits a pixel, which is not read");
  if (rgb ? samples < 3 || samples > 6 : samples < 1 || samples > 2)
    file.refuse("this TIFF has " + std::to_string(samples) + " samples a pixel, which is not read");
}

/// The samples of strips and tiles to their places.
class TiffPixels {
 public:
  TiffPixels(TiffFile const& file, TiffFields const& fields)
      : file_(file),
        fields_(fields),
        picture_{.height = fields.height,
                 .width = fields.width,
                 .channels = fields.channels(),
                 .bits = fields.bits},
        channels_(static_cast<std::size_t>(picture_.channels)) {
    in_chunk_ = fields.separate ? 1 : fields.samples;
    if (fields.tiled) {
      chunk_width_ = file.field<std::uint32_t>(TIFFTAG_TILEWIDTH);
      chunk_height_ = file.field<std::uint32_t>(TIFFTAG_TILELENGTH);
    } else {
      chunk_width_ = fields.width;
      chunk_height_ = std::min<std::size_t>(
          file.field<std::uint32_t>(TIFFTAG_ROWSPERSTRIP, ~std::uint32_t{0}), fields.height);
    }
    constexpr std::size_t most = largest_picture, side = std::size_t{1} << 20;
    if (chunk_width_ == 0 || chunk_height_ == 0 || chunk_width_ > side || chunk_height_ > side ||
        chunk_width_ * chunk_height_ > most)
      file_.fail("the picture's strips or tiles are of an impossible size");
    row_ = (chunk_width_ * in_chunk_ * fields.bits + 7) / 8;
    check_promise();
  }

  RawPicture read() {
    std::size_t const samples = fields_.height * fields_.width * channels_;
    if (fields_.bits == 16)
      picture_.words.resize(samples);
    else
      picture_.bytes.resize(samples);
    std::size_t const size = row_ * chunk_height_;
    // 16-bit samples are read in place: aligned.
    std::unique_ptr<std::uint16_t[]> const memory(new std::uint16_t[size / 2 + 1]);
    auto* const chunk = reinterpret_cast<std::uint8_t*>(memory.get());
    std::uint32_t index = 0;
    for (std::size_t plane = 0; plane < (fields_.separate ? fields_.samples : 1u); ++plane)
      for (std::size_t y = 0; y < fields_.height; y += chunk_height_)
        for (std::size_t x = 0; x < fields_.width; x += chunk_width_, ++index) {
          if (plane >= channels_) continue;
          std::size_t const rows = std::min(chunk_height_, fields_.height - y);
          std::size_t const wanted = fields_.tiled ? size : rows * row_;
          tmsize_t const got =
              fields_.tiled
                  ? TIFFReadEncodedTile(file_.get(), index, chunk, static_cast<tmsize_t>(wanted))
                  : TIFFReadEncodedStrip(file_.get(), index, chunk, static_cast<tmsize_t>(wanted));
          if (got < 0 || static_cast<std::size_t>(got) != wanted)
            file_.fail("the picture is damaged or cut off");
          put(chunk, x, y, std::min(chunk_width_, fields_.width - x), rows, plane);
        }
    return std::move(picture_);
  }

 private:
  /// Throws Error where the file is too small for what it promises, however well it is packed.
  void check_promise() const {
    constexpr std::size_t ratio = 1400;  // of LZW; of DEFLATE 1032
    std::size_t const promised =
        std::max(fields_.height, chunk_height_) * row_ * (fields_.separate ? fields_.samples : 1);
    std::size_t const most =
        fields_.compression == COMPRESSION_NONE ? file_.size() : file_.size() * ratio;
    if (promised > most) file_.fail("the picture is damaged or cut off");
  }

  void put(std::uint8_t const* chunk, std::size_t x, std::size_t y, std::size_t columns,
           std::size_t rows, std::size_t plane) {
    std::size_t const used = fields_.separate ? 1 : channels_;
    for (std::size_t row = 0; row < rows; ++row, chunk += row_) {
      std::size_t const at = ((y + row) * fields_.width + x) * channels_ + plane;
      if (fields_.bits == 16)
        put_row(reinterpret_cast<std::uint16_t const*>(chunk), columns, used,
                picture_.words.data() + at);
      else if (fields_.bits == 8)
        put_row(chunk, columns, used, picture_.bytes.data() + at);
      else
        put_bits(chunk, columns, picture_.bytes.data() + at);
    }
  }
  template <class T>
  void put_row(T const* in, std::size_t columns, std::size_t used, T* out) const {
    for (std::size_t x = 0; x < columns; ++x, in += in_chunk_, out += channels_)
      std::copy_n(in, used, out);
  }
  void put_bits(std::uint8_t const* in, std::size_t columns, std::uint8_t* out) const {
    unsigned const bits = fields_.bits, mask = (1u << bits) - 1, in_byte = 8 / bits;
    for (std::size_t x = 0; x < columns; ++x)
      out[x] = static_cast<std::uint8_t>(in[x / in_byte] >> (8 - bits - x % in_byte * bits) & mask);
  }

  TiffFile const& file_;
  TiffFields const& fields_;
  RawPicture picture_;
  std::size_t channels_, in_chunk_ = 0, chunk_width_ = 0, chunk_height_ = 0, row_ = 0;
};

/// Undoes colors that were multiplied by alpha, as PIL does: of 16 bits it takes the high bytes.
inline void divide_by_alpha(RawPicture& picture) {
  auto const channels = static_cast<std::size_t>(picture.channels);
  auto const divide = [&](auto& samples, unsigned shift) {
    for (std::size_t at = 0; at < samples.size(); at += channels) {
      unsigned const alpha = samples[at + channels - 1] >> shift;
      for (std::size_t c = at; c + 1 < at + channels; ++c) {
        unsigned const value = samples[c] >> shift,
                       color = alpha == 0 ? 0 : std::min(255u, value * 255 / alpha);
        samples[c] = static_cast<std::remove_reference_t<decltype(samples[c])>>(color << shift);
      }
    }
  };
  if (picture.bits == 16)
    divide(picture.words, 8);
  else
    divide(picture.bytes, 0);
}

/// The picture upright, by TIFF's orientation, as PIL turns it when it loads.
template <class T>
std::vector<T> turned_samples(std::vector<T> const& in, TiffFields const& fields,
                              std::size_t channels) {
  std::vector<T> out(in.size());
  unsigned const kind = fields.orientation;
  std::size_t const width = fields.width, height = fields.height;
  std::size_t const columns = fields.lies() ? height : width;
  bool const right = kind == 2 || kind == 3 || kind == 7 || kind == 8,
             down = kind == 3 || kind == 4 || kind == 6 || kind == 7;
  for (std::size_t at = 0; at < in.size() / channels; ++at) {
    std::size_t x = at % columns, y = at / columns;
    if (fields.lies()) std::swap(x, y);
    if (right) x = width - 1 - x;
    if (down) y = height - 1 - y;
    std::copy_n(in.data() + (y * width + x) * channels, channels, out.data() + at * channels);
  }
  return out;
}

/// The samples of a TIFF's first picture, upright, with 0 for black, colors not multiplied by
/// alpha. Throws Error for kinds that are not read and for damage.
inline RawPicture decode_tiff(TiffFile const& file) {
  TiffFields const fields(file);
  check_tiff_kind(file, fields);
  RawPicture picture = TiffPixels(file, fields).read();
  auto const channels = static_cast<std::size_t>(picture.channels);
  if (fields.photometric == PHOTOMETRIC_MINISWHITE) {
    unsigned const white = (1u << fields.bits) - 1;
    for (std::size_t i = 0; i < picture.bytes.size(); i += channels)
      picture.bytes[i] = static_cast<std::uint8_t>(white - picture.bytes[i]);
    for (std::size_t i = 0; i < picture.words.size(); i += channels)
      picture.words[i] = static_cast<std::uint16_t>(white - picture.words[i]);
  }
  if (fields.photometric == PHOTOMETRIC_PALETTE) {
    std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
    if (TIFFGetField(file.get(), TIFFTAG_COLORMAP, &red, &green, &blue) != 1 || !red || !green ||
        !blue)
      file.fail("the picture's palette is missing");
    picture.palette.assign(256, {0, 0, 0, 255});
    auto const high = [](std::uint16_t value) { return static_cast<std::uint8_t>(value >> 8); };
    for (std::size_t i = 0; i < std::size_t{1} << fields.bits; ++i)
      picture.palette[i] = {high(red[i]), high(green[i]), high(blue[i]), 255};
  }
  if (channels % 2 == 0 && fields.has_extra && fields.extra == EXTRASAMPLE_ASSOCALPHA)
    divide_by_alpha(picture);
  if (fields.orientation > 1 && fields.orientation <= 8) {
    picture.bytes = turned_samples(picture.bytes, fields, channels);
    picture.words = turned_samples(picture.words, fields, channels);
    if (fields.lies()) std::swap(picture.height, picture.width);
  }
  return picture;
}

#endif

}  // namespace vlsm::detail
