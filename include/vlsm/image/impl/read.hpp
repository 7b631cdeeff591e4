// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/image/impl/each_rgb.hpp"
#include "vlsm/image/impl/jpeg_decode.hpp"
#include "vlsm/image/impl/jpeg_fallback.hpp"
#include "vlsm/image/impl/picture_file.hpp"
#include "vlsm/image/impl/png_decode.hpp"
#include "vlsm/image/impl/tiff_decode.hpp"
#include "vlsm/image/jpeg_segments.hpp"
#include "vlsm/image/png_chunks.hpp"
#include "vlsm/image/read.hpp"

namespace vlsm {

namespace detail {

/// The orientation that a PNG's eXIf chunk tells, wherever it stands among so many chunks as files
/// have.
inline int png_orientation(PictureFile& file) {
  constexpr int most_chunks = 100'000;
  std::size_t at = png_signature.size();
  for (int chunk = 0; at < file.size() && chunk < most_chunks; ++chunk) {
    std::string const frame = file.read(at, 8);
    if (frame.size() < 8 || frame.ends_with("IEND")) break;
    if (frame.ends_with("eXIf"))
      return exif_orientation(file.read(at + 8, std::min(big_endian(frame, 0), 1u << 16)));
    at += png_frame + big_endian(frame, 0);
  }
  return 1;
}

[[noreturn]] inline void throw_damaged(
    std::filesystem::path const& path,
    std::string const& what = "the picture is damaged or cut off") {
  throw Error(what, path.string(), "fetch the file again, or write it anew as PNG");
}

/// Throws Error where a header claims no pixels, or a size beyond `largest_picture` or
/// `longest_side`.
inline void check_size(PictureHeader const& header, std::filesystem::path const& path) {
  auto const width = static_cast<long long>(header.width),
             height = static_cast<long long>(header.height);
  std::string const size = std::to_string(width) + " x " + std::to_string(height);
  if (width == 0 || height == 0)
    throw Error("the picture has no pixels: " + size, path.string(),
                "fetch the file again, or write it anew as PNG");
  if (std::max(width, height) > longest_side || width * height > largest_picture)
    throw Error(
        "the picture is too large: " + size, path.string(),
        "scale it to at most 100 million pixels and " + std::to_string(longest_side) + " a side");
}

#ifdef VLSM_LIBTIFF
/// A TIFF of which libtiff reads what it needs.
inline TiffFile tiff_file(PictureFile& file) {
  auto const read = [&file](std::size_t at, void* out, std::size_t count) {
    return file.read(at, count).copy(static_cast<char*>(out), count);
  };
  return TiffFile(read, file.size(), file.path());
}
#else
[[noreturn]] inline void throw_no_tiff(std::filesystem::path const& path) {
  throw Error("this is a TIFF picture, which this build does not read", path.string(),
              "build with libtiff (Debian: libtiff-dev), or convert the picture to PNG");
}
#endif

inline PictureHeader picture_header(PictureFile& file) {
  using enum PictureHeader::Format;
  std::string const begin = file.read(0, png_header_size);
  if (is_tiff(begin)) {
#ifdef VLSM_LIBTIFF
    PictureHeader const header = TiffFields(tiff_file(file)).header();
    check_size(header, file.path());
    return header;
#else
    throw_no_tiff(file.path());
#endif
  }
  bool const is_a_png = is_png(begin);
  if (!is_a_png && !is_jpeg(begin)) {
    io::refuse_lfs_pointer(begin, file.path().string());
    throw Error("this is no PNG or JPEG picture, nor a TIFF", file.path().string(),
                "convert it to PNG or JPEG (its name does not matter)");
  }
  PictureHeader header;
  if (is_a_png && has_png_header(begin)) {
    PngHeader const own = png_header(begin);
    header = {.format = png,
              .height = own.height,
              .width = own.width,
              .channels = static_cast<int>(own.channels()),
              .bits = static_cast<int>(own.depth),
              .palette = own.palette(),
              .orientation = png_orientation(file)};
  } else {
    JpegFrame const frame = is_a_png ? JpegFrame{} : jpeg_frame(file);
    if (frame.marker == 0) throw_damaged(file.path(), "the picture's header is damaged or cut off");
    header = {.format = jpeg,
              .height = frame.height,
              .width = frame.width,
              .channels = frame.channels,
              .bits = frame.bits,
              .orientation = frame.orientation};
  }
  check_size(header, file.path());
  return header;
}

/// Throws Error for kinds of JPEG that are not read, each by its name.
inline void check_jpeg_kind(JpegFrame const& frame, std::filesystem::path const& path) {
  auto const refuse = [&](std::string const& what, std::string const& remedy) {
    throw Error(what, path.string(), remedy);
  };
  if (frame.bits != 8)
    refuse("this JPEG has " + std::to_string(frame.bits) + " bits a sample, which is not read",
           "convert it to PNG");
  if (frame.channels != 1 && frame.channels != 3 && frame.channels != 4)
    refuse("this JPEG has " + std::to_string(frame.channels) + " channels, which is not read",
           "convert it to PNG");
  if (frame.marker != 0xc0 && frame.marker != 0xc1 && frame.marker != 0xc2 &&
      frame.marker != 0xc9 && frame.marker != 0xca)
    refuse("this JPEG is lossless or hierarchical, which is not read", "convert it to PNG");
#ifndef VLSM_LIBJPEG
  std::string const remedy =
      "build with libjpeg-turbo (Debian: libjpeg62-turbo-dev), or convert the picture to PNG";
  if (frame.arithmetic()) refuse("this JPEG is coded arithmetically, which needs libjpeg", remedy);
  if (frame.channels == 4 && !frame.adobe)
    refuse("this JPEG is CMYK without Adobe's marker, which needs libjpeg", remedy);
#endif
}

/// Whether a JPEG reaches its end marker with valid Huffman tables and at most `most_jpeg_scans`
/// scans.
inline bool sound_jpeg(std::string_view bytes) {
  JpegBytes const all(bytes);
  int scans = 0;
  return each_segment(all, [&](unsigned marker, std::size_t at) {
    if (marker == 0xda) return ++scans <= most_jpeg_scans;
    return marker != 0xc4 || sound_huffman_tables(all.segment(at));
  });
}

inline RawPicture raw_picture(PictureFile& file, RgbPlace const& place = {}) {
  PictureHeader const header = picture_header(file);
#ifdef VLSM_LIBTIFF
  if (header.format == PictureHeader::Format::tiff) return decode_tiff(tiff_file(file));
#endif
  std::string const bytes = file.read(0, file.size());
  std::optional<RawPicture> picture;
  if (header.format == PictureHeader::Format::png) {
    picture = decode_png(bytes, place);
  } else {
    JpegFrame const frame = jpeg_frame(JpegBytes(bytes));
    check_jpeg_kind(frame, file.path());
    if (sound_jpeg(bytes)) picture = decode_jpeg(bytes, frame, place);
  }
  if (!picture) throw_damaged(file.path());
  return *std::move(picture);
}

}  // namespace detail

VLSM_INLINE PictureHeader read_picture_header(std::filesystem::path const& path) {
  detail::PictureFile file(path);
  return detail::picture_header(file);
}

VLSM_INLINE RawPicture read_raw_picture(std::filesystem::path const& path) {
  detail::PictureFile file(path);
  return detail::raw_picture(file);
}

VLSM_INLINE std::string picture_readers() {
#define VLSM_TEXT_OF(x) #x
#define VLSM_TEXT(x) VLSM_TEXT_OF(x)
  std::string const tiff = detail::tiff_reader();
#if defined(VLSM_LIBJPEG) && defined(LIBJPEG_TURBO_VERSION)
  std::string const jpeg = "JPEG by libjpeg-turbo " VLSM_TEXT(LIBJPEG_TURBO_VERSION);
#elif defined(VLSM_LIBJPEG)
  std::string const jpeg = "JPEG by libjpeg " VLSM_TEXT(JPEG_LIB_VERSION);
#else
  std::string const jpeg = "JPEG by stb_image (pixels may differ from PIL's by a few levels)";
#endif
#if defined(VLSM_LIBDEFLATE)
  return jpeg + ", PNG by libdeflate " LIBDEFLATE_VERSION_STRING + tiff;
#elif defined(VLSM_ZLIB)
  return jpeg + ", PNG by zlib " ZLIB_VERSION + tiff;
#else
  return jpeg + ", PNG by stb_image's inflate" + tiff;
#endif
#undef VLSM_TEXT
#undef VLSM_TEXT_OF
}

namespace detail {

inline Image image_of(PictureFile& file) {
  Image image;
  RawPicture const picture = raw_picture(file, [&](std::size_t height, std::size_t width) {
    image = Image::from_shape({height, width, 3});
    return image.data();
  });
  if (image.size() > 0) return image;
  image = Image::from_shape({picture.height, picture.width, 3});
  std::uint8_t* out = image.data();
  if (picture.channels == 3 && picture.bits == 8)
    std::copy_n(picture.bytes.data(), image.size(), out);
  else
    each_rgb(picture, [&](std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
      *out++ = red, *out++ = green, *out++ = blue;
    });
  return image;
}

inline Mask mask_of(PictureFile& file) {
  RawPicture const picture = raw_picture(file);
  Mask mask = Mask::from_shape({picture.height, picture.width});
  std::uint8_t* out = mask.data();
  each_rgb(picture, [&](std::uint8_t red, std::uint8_t, std::uint8_t) { *out++ = red; });
  return mask;
}

/// A file in memory. Throws Error for one without a byte, as for one on the disk.
inline PictureFile file_in_memory(std::string const& bytes, std::string const& where) {
  if (bytes.empty()) throw Error("the picture is empty", where, "give a PNG, JPEG or TIFF file");
  return PictureFile(bytes, where);
}

}  // namespace detail

VLSM_INLINE Image read_image(std::filesystem::path const& path) {
  detail::PictureFile file(path);
  return detail::image_of(file);
}

VLSM_INLINE Mask read_mask(std::filesystem::path const& path) {
  detail::PictureFile file(path);
  return detail::mask_of(file);
}

VLSM_INLINE PictureHeader parse_picture_header(std::string const& bytes, std::string const& where) {
  detail::PictureFile file = detail::file_in_memory(bytes, where);
  return detail::picture_header(file);
}

VLSM_INLINE RawPicture parse_raw_picture(std::string const& bytes, std::string const& where) {
  detail::PictureFile file = detail::file_in_memory(bytes, where);
  return detail::raw_picture(file);
}

VLSM_INLINE Image parse_image(std::string const& bytes, std::string const& where) {
  detail::PictureFile file = detail::file_in_memory(bytes, where);
  return detail::image_of(file);
}

VLSM_INLINE Mask parse_mask(std::string const& bytes, std::string const& where) {
  detail::PictureFile file = detail::file_in_memory(bytes, where);
  return detail::mask_of(file);
}

}  // namespace vlsm
