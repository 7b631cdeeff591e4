// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/volume/dicom.hpp"
#include "vlsm/volume/metaimage.hpp"
#include "vlsm/volume/nifti.hpp"

// Frames of medical files (slices of a volume, a DICOM picture) as pictures and masks of 8 bits.
namespace vlsm::detail {

/// Whether the name is one of a NIfTI file.
inline bool is_nifti_name(std::string const& name) { return ends_in(name, {".nii", ".nii.gz"}); }
/// Whether the name is one of a MetaImage.
inline bool is_metaimage_name(std::string const& name) { return ends_in(name, {".mhd", ".mha"}); }
/// Whether the name is one of a DICOM file.
inline bool is_dicom_name(std::string const& name) { return ends_in(name, {".dcm", ".dicom"}); }
/// Whether the name is one of a file of frames: NIfTI, MetaImage, DICOM.
inline bool is_frame_name(std::string const& name) {
  return is_nifti_name(name) || is_metaimage_name(name) || is_dicom_name(name);
}

/// A file of one frame or many. Several threads may read one.
class FrameFile {
 public:
  /// Reads the header; a NIfTI file is kept in memory, unpacked. Throws Error for a file that
  /// cannot be read.
  explicit FrameFile(std::filesystem::path path) : path_(std::move(path)) {
    std::string const name = path_.filename().string();
    if (is_nifti_name(name)) {
      bytes_ = read_text_file(path_);
      std::string unpacked;
      if (unpacked_bytes(bytes_, unpacked, path_.string()).data() != bytes_.data())
        bytes_ = std::move(unpacked);
      frames_ = parse_nifti_header(bytes_, path_.string()).frames;
    } else if (is_metaimage_name(name)) {
      frames_ = parse_metaimage_header(read_text_file(path_), path_.string()).frames;
    }
  }

  std::size_t frames() const { return frames_; }

  /// The numbers of frame `k`, from 0; of a color DICOM an empty frame. Throws Error.
  Frame frame(std::size_t k) const {
    if (!bytes_.empty()) return parse_nifti(bytes_, path_.string(), k);
    if (is_metaimage_name(path_.filename().string())) return read_metaimage(path_, k);
    return read_dicom(path_).gray;
  }

  /// Frame `k` as a picture [H, W, 3]. Where all numbers of the file are whole and from 0 to 255
  /// they are its levels; else they are scaled so that 0.5 % of the file's are black and 0.5 %
  /// white. Throws Error.
  Image picture(std::size_t k) const {
    if (is_dicom_name(path_.filename().string())) {
      DicomPicture const dicom = read_dicom(path_);
      if (dicom.is_color) return dicom.color;
    }
    std::call_once(windowed_, [this] { window_ = window(); });
    Frame const values = frame(k);
    Mask gray = Mask::from_shape({values.height, values.width});
    auto const [low, high] = window_;
    for (std::size_t i = 0; i < gray.size(); ++i) {
      float const share = (values.values[i] - low) / std::max(high - low, 1e-30f);
      gray.data()[i] =
          share >= 0 ? static_cast<std::uint8_t>(std::lround(255 * std::min(share, 1.0f))) : 0;
    }
    return as_image(gray);
  }

  /// Frame `k` as a mask [H, W], 0 and 255: `label` is the object, or, unset, the only label beside
  /// 0. Throws Error for several labels without a choice, and for values that are no whole number
  /// from 0 to 255.
  Mask mask(std::size_t k, std::optional<int> label) const {
    Mask levels = gray_from_frame(frame(k), path_.string());
    std::set<int> labels;
    for (std::uint8_t const level : levels)
      if (level) labels.insert(level);
    if (!label && labels.size() > 1) {
      std::vector<std::string> list;
      for (int const one : labels) list.push_back(std::to_string(one));
      throw Error("the mask holds the labels " + joined(list), path_.string(),
                  "choose the object with --label");
    }
    for (std::uint8_t& level : levels) level = (label ? level == *label : level > 0) ? 255 : 0;
    return levels;
  }

 private:
  /// The values that become black and white. Throws Error where the file holds no numbers.
  std::pair<float, float> window() const {
    std::vector<float> values;
    bool plain = true;
    for (std::size_t k = 0; k < frames_; ++k) {
      Frame const one = frame(k);
      FrameRange const range = range_of(one);
      plain &= range.whole && range.low >= 0 && range.high <= 255;
      constexpr std::size_t most = 1u << 22;  // values; of a larger file one of every `step`
      std::size_t const step = std::max<std::size_t>(1, frames_ * one.values.size() / most);
      for (std::size_t i = 0; i < one.values.size(); i += step)
        if (std::isfinite(one.values[i])) values.push_back(one.values[i]);
    }
    if (plain) return {0.0f, 255.0f};
    if (values.empty()) throw Error("the file holds no numbers", path_.string(), "fetch it again");
    auto const at = [&](double share) {
      auto const place = values.begin() + static_cast<std::ptrdiff_t>(
                                              share * static_cast<double>(values.size() - 1));
      std::nth_element(values.begin(), place, values.end());
      return *place;
    };
    float const low = at(0.005);
    return {low, at(0.995)};
  }

  std::filesystem::path path_;
  std::string bytes_;  // of a NIfTI file, unpacked; empty for other kinds
  std::size_t frames_ = 1;
  mutable std::once_flag windowed_;
  mutable std::pair<float, float> window_;
};

/// Keeps the files that were opened last, so that the frames of one are not each unpacked anew.
class FrameFiles {
 public:
  /// The file, kept or opened now. Throws Error as FrameFile does.
  std::shared_ptr<FrameFile const> open(std::filesystem::path const& path) {
    std::lock_guard const lock(mutex_);
    for (auto const& [name, file] : kept_)
      if (name == path) return file;
    constexpr std::size_t most = 4;  // a picture and a mask of two threads
    if (kept_.size() == most) kept_.pop_front();
    return kept_.emplace_back(path, std::make_shared<FrameFile const>(path)).second;
  }

 private:
  std::mutex mutex_;
  std::deque<std::pair<std::filesystem::path, std::shared_ptr<FrameFile const>>> kept_;
};

}  // namespace vlsm::detail
