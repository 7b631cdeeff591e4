// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/compose/recipe.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/volume/dicom.hpp"
#include "vlsm/volume/nifti.hpp"
#include "vlsm/volume/window.hpp"

namespace tool::serve {

/// Bytes that a packed file may hold: a small one can claim any number.
inline constexpr std::size_t most_unpacked = 512u << 20;

/// Frames of a file: a tiny one, packed, can hold millions of a pixel each.
inline constexpr std::size_t most_frames = 65'536;

/// What a file's bytes are, told by themselves: names say nothing here.
enum class Format { picture, dicom, nifti };

inline Format format_of(std::string_view bytes) {
  if (bytes.size() >= 132 && bytes.substr(128, 4) == "DICM") return Format::dicom;
  if (bytes.starts_with("\x1f\x8b")) return Format::nifti;  // packed; parse_nifti looks into it
  if (bytes.size() >= 348 && (bytes.substr(344, 3) == "n+1" || bytes.substr(344, 3) == "ni1"))
    return Format::nifti;
  return Format::picture;
}

/// Which kinds of files this build reads.
inline std::vector<std::string> formats_read() {
  std::vector<std::string> names{"png", "jpeg"};
  if (vlsm::picture_readers().find("TIFF") != std::string::npos) names.emplace_back("tiff");
  auto const reads = [](auto const& parse) {
    try {
      parse();
    } catch (vlsm::Error const& e) {
      return std::string_view(e.what()).find("this build") == std::string_view::npos;
    }
    return true;
  };
  if (reads([] { vlsm::parse_dicom("", "a trial"); })) names.emplace_back("dicom");
  if (reads([] { vlsm::parse_nifti_header("", "a trial"); })) names.emplace_back("nifti");
  return names;
}

/// A picture out of a file.
struct Opened {
  vlsm::Image image;
  std::size_t slices = 1;
  std::vector<std::string> notices{};
};

/// Slice `slice`, from 0, of a file of any kind that is read; the pixels as stored, without an EXIF
/// orientation; numbers that are no levels as `vlsm data prepare` makes levels of them. `look` is
/// called before each frame that is read, and ends it by what it throws. Throws Error for what
/// cannot be read, for more than `most_frames` frames and for a slice that is not there.
inline Opened open_picture(
    std::string const& bytes, std::size_t slice, std::function<void()> const& look = [] {}) {
  std::string const where = "picture";
  auto const check = [&](std::size_t slices) {
    if (slice >= slices)
      throw Refusal(400,
                    "there is no slice " + std::to_string(slice) + " of " + std::to_string(slices),
                    "slice", "count them from 0");
  };
  Opened opened;
  auto const gray = [&](std::size_t frames, auto const& frame) {
    vlsm::Window const window = vlsm::window_of(frames, frame, where);
    opened.slices = frames;
    opened.image = vlsm::as_image(vlsm::levels_of(frame(slice), window));
    if (window.low != 0 || window.high != 255)
      opened.notices.push_back(
          "numbers from " + vlsm::strings::number_text(window.low, std::chars_format::general, 8) +
          " to " + vlsm::strings::number_text(window.high, std::chars_format::general, 8) +
          " are shown as gray levels");
  };
  switch (format_of(bytes)) {
    case Format::picture:
      check(1);
      opened.image = vlsm::parse_image(bytes, where);
      break;
    case Format::dicom: {
      vlsm::DicomPicture dicom = vlsm::parse_dicom(bytes, where);  // which refuses several frames
      check(1);
      if (dicom.is_color)
        opened.image = std::move(dicom.color);
      else
        gray(1, [&](std::size_t) { return dicom.gray; });
      break;
    }
    case Format::nifti: {
      std::string unpacked;
      std::string_view const file = vlsm::unpacked_bytes(bytes, unpacked, where, most_unpacked);
      std::size_t const frames = vlsm::parse_nifti_header(file, where).frames;
      if (frames > most_frames)
        throw vlsm::Error("the file holds " + std::to_string(frames) + " frames, more than " +
                              std::to_string(most_frames),
                          where, "send those that matter as a file of their own");
      check(frames);
      gray(frames, [&](std::size_t k) {
        look();
        return vlsm::parse_nifti(file, where, k);
      });
      break;
    }
  }
  return opened;
}

/// What a person should know of a picture before its mask, beside what was said when it was opened.
inline std::vector<std::string> notices_of(std::string const& bytes, vlsm::Image const& image,
                                           vlsm::Recipe const& recipe) {
  std::vector<std::string> lines;
  vlsm::PictureHeader header{.height = image.shape(0), .width = image.shape(1)};
  if (format_of(bytes) == Format::picture) header = vlsm::parse_picture_header(bytes, "picture");
  if (vlsm::is_clipped(header))
    lines.emplace_back("16 bits of gray: levels above 255 are white, as PIL has them");
  if (header.orientation != 1)
    lines.emplace_back("its EXIF orientation is not applied: the mask fits the pixels as stored");
  if (recipe.fit == vlsm::Fit::stretch && vlsm::is_long(header))
    lines.emplace_back("more than twice as long as wide: squeezed to a square");
  return lines;
}

}  // namespace tool::serve
