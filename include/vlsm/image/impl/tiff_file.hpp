// SPDX-License-Identifier: MIT
#pragma once

#ifdef VLSM_LIBTIFF

#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/image/raw_picture.hpp"

#if TIFFLIB_VERSION < 20221213
#error "vlsm reads TIFF by libtiff 4.5 or later; leave VLSM_LIBTIFF undefined to do without"
#endif

namespace vlsm::detail {

/// A TIFF that libtiff has opened, its first picture. Nothing is printed: what libtiff says first
/// is kept.
class TiffFile {
 public:
  /// Copies `count` bytes from `at` to `out`, fewer at the end; says how many.
  using Read = std::function<std::size_t(std::size_t at, void* out, std::size_t count)>;

  /// Throws Error, which names `path`, where there is no picture's directory.
  TiffFile(Read read, std::size_t size, std::filesystem::path path)
      : read_(std::move(read)), size_(size), path_(std::move(path)) {
    std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> const options(
        TIFFOpenOptionsAlloc(), TIFFOpenOptionsFree);
    if (!options) throw std::bad_alloc();
    // The tables of strips and the packed strips are no larger than the file.
    constexpr std::size_t least = 16u << 20;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(),
                                        static_cast<tmsize_t>(std::max(least, size + 4096)));
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_error, this);
    TIFFOpenOptionsSetWarningHandlerExtR(
        options.get(), [](TIFF*, void*, char const*, char const*, va_list) { return 1; }, nullptr);
    // 'm': no mapping.
    tiff_.reset(TIFFClientOpenExt("TIFF", "rm", this, read_bytes, write_bytes, seek, close, length,
                                  nullptr, nullptr, options.get()));
    if (!tiff_) fail("the picture's header is damaged or cut off");
  }
  TiffFile(TiffFile const&) = delete;
  TiffFile& operator=(TiffFile const&) = delete;

  TIFF* get() const { return tiff_.get(); }
  std::size_t size() const { return size_; }

  /// The value of a tag, or what the standard says where there is none.
  template <class T>
  T field(std::uint32_t tag, T otherwise = 0) const {
    T value = otherwise;
    return TIFFGetFieldDefaulted(get(), tag, &value) == 1 ? value : otherwise;
  }
  [[noreturn]] void fail(std::string const& what) const {
    throw Error(what + (said_.empty() ? "" : " (libtiff: " + said_ + ")"), path_.string(),
                "fetch the file again, or write it anew as PNG");
  }
  [[noreturn]] void refuse(std::string const& what) const {
    throw Error(what, path_.string(), "convert it to PNG");
  }

 private:
  static TiffFile& of(void* self) { return *static_cast<TiffFile*>(self); }
  static int keep_error(TIFF*, void* self, char const*, char const* format, va_list values) {
    char text[160];
    std::vsnprintf(text, sizeof text, format, values);
    std::string& said = of(self).said_;
    if (said.empty())
      for (char const* c = text; *c; ++c) said += *c >= 0x20 && *c < 0x7f ? *c : '?';
    return 1;
  }
  static tmsize_t read_bytes(thandle_t self, void* out, tmsize_t count) {
    TiffFile& file = of(self);
    if (count <= 0 || file.at_ >= file.size_) return 0;
    std::size_t const got =
        file.read_(file.at_, out, std::min(static_cast<std::size_t>(count), file.size_ - file.at_));
    file.at_ += got;
    return static_cast<tmsize_t>(got);
  }
  static tmsize_t write_bytes(thandle_t, void*, tmsize_t) { return 0; }
  static toff_t seek(thandle_t self, toff_t offset, int whence) {
    TiffFile& file = of(self);
    if (whence == SEEK_SET) file.at_ = offset;
    if (whence == SEEK_CUR) file.at_ += offset;
    if (whence == SEEK_END) file.at_ = file.size_ + offset;
    return file.at_;
  }
  static int close(thandle_t) { return 0; }
  static toff_t length(thandle_t self) { return of(self).size_; }

  Read read_;
  std::size_t size_ = 0, at_ = 0;
  std::filesystem::path path_;
  std::string said_{};
  std::unique_ptr<TIFF, void (*)(TIFF*)> tiff_{nullptr, TIFFClose};
};

/// What the first directory says of its picture.
struct TiffFields {
  explicit TiffFields(TiffFile const& file)
      : width(file.field<std::uint32_t>(TIFFTAG_IMAGEWIDTH)),
        height(file.field<std::uint32_t>(TIFFTAG_IMAGELENGTH)),
        bits(file.field<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1)),
        samples(file.field<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1)),
        photometric(file.field<std::uint16_t>(TIFFTAG_PHOTOMETRIC)),
        compression(file.field<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE)),
        orientation(file.field<std::uint16_t>(TIFFTAG_ORIENTATION, 1)),
        format(file.field<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT)),
        separate(file.field<std::uint16_t>(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) ==
                 PLANARCONFIG_SEPARATE),
        tiled(TIFFIsTiled(file.get()) != 0) {
    std::uint16_t count = 0, *kinds = nullptr;
    if (TIFFGetField(file.get(), TIFFTAG_EXTRASAMPLES, &count, &kinds) == 1 && count > 0 && kinds)
      has_extra = true, extra = kinds[0];
  }

  /// Channels of the picture that is made of it; further samples are left out.
  int channels() const {
    if (photometric == PHOTOMETRIC_PALETTE) return 1;
    if (photometric != PHOTOMETRIC_RGB) return samples == 1 ? 1 : 2;
    return samples == 3 || (has_extra && extra == EXTRASAMPLE_UNSPECIFIED) ? 3 : 4;
  }
  /// Whether rows become columns, by the orientation.
  bool lies() const { return orientation >= 5 && orientation <= 8; }
  PictureHeader header() const {
    return {.format = PictureHeader::Format::tiff,
            .height = lies() ? width : height,
            .width = lies() ? height : width,
            .channels = channels(),
            .bits = bits,
            .palette = photometric == PHOTOMETRIC_PALETTE,
            .turned = orientation >= 1 && orientation <= 8 ? orientation : 1};
  }

  std::size_t width, height;
  std::uint16_t bits, samples, photometric, compression, orientation, format;
  bool separate, tiled, has_extra = false;
  std::uint16_t extra = 0;
};

}  // namespace vlsm::detail

#endif
