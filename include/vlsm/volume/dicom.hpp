// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vlsm/base/compiled.hpp"
#include "vlsm/image/image.hpp"
#include "vlsm/volume/frame.hpp"

namespace vlsm {

/// The picture of a DICOM file: gray as numbers, or color, as `is_color` says; the other is empty.
struct DicomPicture {
  /// Gray, [H, W]: stored values with the file's rescale slope and intercept, larger is lighter
  /// (MONOCHROME1 is inverted). No window is applied.
  Frame gray{};
  Image color = Image::from_shape({0, 0, 3});  ///< RGB, [H, W, 3]
  bool is_color = false;
  /// Whose it is: PatientID, else the UID of the study, else that of the series; empty where the
  /// file has none.
  std::string person{};
};

/// Reads the picture out of a DICOM file's bytes: one frame of gray of 8 or 16 bits, or RGB of 8,
/// uncompressed or packed by run lengths (RLE). The first call switches DCMTK's log off. Throws
/// Error, which names `where`, for bytes that are not a DICOM file, for several frames, for a
/// transfer syntax that is not read (by its name and UID), for damage, and in a build without
/// DCMTK.
DicomPicture parse_dicom(std::string_view bytes, std::string const& where);

/// Reads a DICOM file as parse_dicom does. Throws Error likewise, and for a missing file.
DicomPicture read_dicom(std::filesystem::path const& path);

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/volume/impl/dicom.hpp"
#endif
