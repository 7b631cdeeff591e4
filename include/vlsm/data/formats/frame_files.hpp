// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/volume/dicom.hpp"
#include "vlsm/volume/metaimage.hpp"
#include "vlsm/volume/nifti.hpp"
#include "vlsm/volume/window.hpp"

// Frames of medical files (slices of a volume, a DICOM picture) as pictures and masks of 8 bits.
namespace vlsm::detail {

/// Whether the name is one of a NIfTI file.
inline bool is_nifti_name(std::string const& name) {
  return strings::ends_in(name, {".nii", ".nii.gz"});
}
/// Whether the name is one of a MetaImage.
inline bool is_metaimage_name(std::string const& name) {
  return strings::ends_in(name, {".mhd", ".mha"});
}
/// Whether the name is one of a DICOM file.
inline bool is_dicom_name(std::string const& name) {
  return strings::ends_in(name, {".dcm", ".dicom"});
}
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
      NiftiHeader const header = parse_nifti_header(bytes_, path_.string());
      frames_ = header.frames, place_ = header.place;
    } else if (is_metaimage_name(name)) {
      frames_ = parse_metaimage_header(read_text_file(path_), path_.string()).frames;
    }
  }

  std::size_t frames() const { return frames_; }
  /// Where a NIfTI file's voxels lie in space; unset for other kinds.
  std::optional<VoxelPlace> const& place() const { return place_; }
  /// What pictures of one person share, so that a split keeps them together: of a DICOM file what
  /// it says of that, else the file's path. Throws Error for a DICOM file that cannot be read.
  std::string group() const {
    std::string const person =
        is_dicom_name(path_.filename().string()) ? read_dicom(path_).person : "";
    return person.empty() ? path_.string() : "DICOM " + person;
  }

  /// The numbers of frame `k`, from 0. Throws Error, for a DICOM in color, too.
  Frame frame(std::size_t k) const {
    if (!bytes_.empty()) return parse_nifti(bytes_, path_.string(), k);
    if (is_metaimage_name(path_.filename().string())) return read_metaimage(path_, k);
    DicomPicture dicom = read_dicom(path_);
    if (dicom.is_color)
      throw Error("a mask in color has no labels", path_.string(),
                  "write it in gray, a number for each label, or as PNG");
    return std::move(dicom.gray);
  }

  /// Frame `k` as a picture [H, W, 3]. Where all numbers of the file are whole and from 0 to 255
  /// they are its levels; else they are scaled so that 0.5 % of the file's are black and 0.5 %
  /// white. Throws Error.
  Image picture(std::size_t k) const {
    if (is_dicom_name(path_.filename().string())) {
      DicomPicture const dicom = read_dicom(path_);
      if (dicom.is_color) return dicom.color;
    }
    std::call_once(windowed_, [this] {
      window_ = window_of(
          frames_, [this](std::size_t i) { return frame(i); }, path_.string());
    });
    return as_image(levels_of(frame(k), window_));
  }

  /// The labels that frame `k` holds, 0 among them: whole numbers of at most 24 bits, which a float
  /// keeps apart. Throws Error for other values, and where there are more than masks have.
  std::set<int> labels(std::size_t k) const {
    constexpr std::size_t most = 4096;
    std::set<int> held;
    float last = std::nanf("");
    for (float const value : frame(k).values) {
      if (value == last) continue;  // labels lie side by side
      if (!(value >= 0 && value < 0x1p24f && value == std::floor(value)))
        throw Error("the value " + strings::number_text(value, std::chars_format::general, 8) +
                        " is no label",
                    path_.string(), "labels are whole numbers from 0 to 16777215");
      held.insert(static_cast<int>(last = value));
      if (held.size() > most)
        throw Error("a frame has more than " + std::to_string(most) + " values", path_.string(),
                    "give a mask: it has a label or a few");
    }
    return held;
  }

  /// Frame `k` as a mask [H, W]: 255 where it has the label `object`, else 0. Throws Error for a
  /// file that cannot be read.
  Mask mask(std::size_t k, int object) const {
    Frame const one = frame(k);
    Mask levels = Mask::from_shape({one.height, one.width});
    for (std::size_t i = 0; i < levels.size(); ++i)
      levels.data()[i] = one.values[i] == static_cast<float>(object) ? 255 : 0;
    return levels;
  }

 private:
  std::filesystem::path path_;
  std::string bytes_;  // of a NIfTI file, unpacked; empty for other kinds
  std::size_t frames_ = 1;
  std::optional<VoxelPlace> place_;
  mutable std::once_flag windowed_;
  mutable Window window_;
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
