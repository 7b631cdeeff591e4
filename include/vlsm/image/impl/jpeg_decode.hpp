// SPDX-License-Identifier: MIT
#pragma once

#ifdef VLSM_LIBJPEG
#include <csetjmp>
#include <cstddef>
#include <cstdio>
// It needs the two above, and its list of messages the settings in it.
#include <jpeglib.h>
// clang-format off: the order matters.
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <optional>
#include <string_view>

#include "vlsm/image/jpeg_segments.hpp"
#include "vlsm/image/raw_picture.hpp"

namespace vlsm::detail {

/// libjpeg's decoder. It reports errors by a jump back to where it was called, so each call is made
/// by `guarded`, and between the two lie no destructors.
class JpegDecoder {
 public:
  explicit JpegDecoder(std::string_view bytes) : bytes_(bytes) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) { std::longjmp(of(info)->back_, 1); };
    errors_.output_message = [](j_common_ptr) {};
    errors_.emit_message = [](j_common_ptr info, int level) {
      if (level < 0 && tells_damage(info->err->msg_code)) std::longjmp(of(info)->back_, 1);
    };
    progress_.progress_monitor = [](j_common_ptr info) {
      if (of(info)->info_.input_scan_number > most_jpeg_scans) std::longjmp(of(info)->back_, 1);
    };
  }
  ~JpegDecoder() {
    if (created_) jpeg_destroy_decompress(&info_);
  }
  JpegDecoder(JpegDecoder const&) = delete;
  JpegDecoder& operator=(JpegDecoder const&) = delete;

  /// Reads the header; RGB, gray or CMYK is what comes out, as PIL asks for it.
  bool start() {
    return guarded([this] {
      jpeg_create_decompress(&info_);
      created_ = true;
      info_.progress = &progress_;
      // A progressive picture of the largest size in four channels: its coefficients.
      info_.mem->max_memory_to_use = static_cast<long>(largest_picture) * 9;
      jpeg_mem_src(&info_, reinterpret_cast<unsigned char const*>(bytes_.data()),
                   static_cast<unsigned long>(bytes_.size()));
      jpeg_read_header(&info_, TRUE);
      info_.out_color_space = info_.num_components == 1   ? JCS_GRAYSCALE
                              : info_.num_components == 4 ? JCS_CMYK
                                                          : JCS_RGB;
      jpeg_start_decompress(&info_);
    });
  }
  std::size_t height() const { return info_.output_height; }
  std::size_t width() const { return info_.output_width; }
  std::size_t channels() const { return static_cast<std::size_t>(info_.output_components); }

  /// The next row, width x channels bytes.
  bool read(std::uint8_t* row) {
    return guarded([this, row] {
      JSAMPROW rows[] = {row};
      if (jpeg_read_scanlines(&info_, rows, 1) != 1) std::longjmp(back_, 1);
    });
  }
  bool finish() {
    return guarded([this] { jpeg_finish_decompress(&info_); });
  }

 private:
  static JpegDecoder* of(j_common_ptr info) { return static_cast<JpegDecoder*>(info->client_data); }

  /// PIL looks at no warning, but refuses what ends too early; nor should a picture with a gray or
  /// garbled part be segmented. The other warnings leave the pixels as they are.
  static bool tells_damage(int code) {
    return code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
           code == JWRN_ARITH_BAD_CODE || code == JWRN_MUST_RESYNC;
  }

  template <class Call>
  bool guarded(Call call) {
    if (setjmp(back_)) return false;
    call();
    return true;
  }

  std::string_view bytes_;
  bool created_ = false;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf back_;
};

/// PIL's convert('RGB') of a row of CMYK, which it takes for inverted, as Adobe writes it.
inline void cmyk_to_rgb(std::uint8_t const* cmyk, std::size_t pixels, std::uint8_t* rgb) {
  for (; pixels > 0; --pixels, cmyk += 4)
    for (int c = 0; c < 3; ++c) {
      int const light = cmyk[3], product = (255 - cmyk[c]) * light + 128;
      *rgb++ = static_cast<std::uint8_t>(light - ((product + (product >> 8)) >> 8));
    }
}

/// The samples of a JPEG whose size is checked; nothing where the file is damaged or cut off.
inline std::optional<RawPicture> decode_jpeg(std::string_view bytes, JpegFrame const& frame,
                                             RgbPlace const& place) {
  JpegDecoder decoder(bytes);
  // Another frame may be found than the one that was looked at: such a file is not valid.
  if (!decoder.start() || decoder.height() != frame.height || decoder.width() != frame.width)
    return std::nullopt;
  std::size_t const channels = decoder.channels(), kept = std::min<std::size_t>(channels, 3);
  RawPicture picture{.height = frame.height,
                     .width = frame.width,
                     .channels = static_cast<int>(kept),
                     .bits = 8,
                     .lossy = true};
  std::uint8_t* const placed = place && kept == 3 ? place(frame.height, frame.width) : nullptr;
  if (!placed) picture.bytes.reserve(frame.height * frame.width * kept);  // filled as rows come
  std::vector<std::uint8_t> row(channels == 4 ? 4 * frame.width : 0);
  for (std::size_t y = 0; y < frame.height; ++y) {
    if (!placed) picture.bytes.resize((y + 1) * frame.width * kept);
    std::uint8_t* const out = (placed ? placed : picture.bytes.data()) + y * frame.width * kept;
    if (!decoder.read(channels == 4 ? row.data() : out)) return std::nullopt;
    if (channels == 4) cmyk_to_rgb(row.data(), frame.width, out);
  }
  if (!decoder.finish()) return std::nullopt;
  return picture;
}

}  // namespace vlsm::detail
#endif
