// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/volume/dicom.hpp"
#include "vlsm/volume/impl/dicom_file.hpp"
#include "vlsm/volume/samples.hpp"

namespace vlsm {

#ifdef VLSM_DICOM

namespace detail {

/// How the samples of a DICOM file are stored.
struct DicomFields {
  explicit DicomFields(DicomFile& file)
      : rows(file.number(DCM_Rows, "Rows")),
        columns(file.number(DCM_Columns, "Columns")),
        samples(file.number(DCM_SamplesPerPixel, "SamplesPerPixel", 1)),
        allocated(file.number(DCM_BitsAllocated, "BitsAllocated")),
        stored(file.number(DCM_BitsStored, "BitsStored", static_cast<int>(allocated))),
        high(file.number(DCM_HighBit, "HighBit", static_cast<int>(stored) - 1)),
        is_signed(file.number(DCM_PixelRepresentation, "PixelRepresentation", 0) == 1),
        planes(file.number(DCM_PlanarConfiguration, "PlanarConfiguration", 0) == 1),
        kind(file.text(DCM_PhotometricInterpretation)) {}

  /// Throws Error for kinds that are not read, each by its name.
  void check(DicomFile const& file) const {
    auto const refuse = [&](std::string const& what) {
      file.fail(what + ", which is not read", "convert it, as by dcmdjpeg or gdcmconv");
    };
    bool const gray = kind == "MONOCHROME1" || kind == "MONOCHROME2";
    if (!gray && kind != "RGB")
      refuse("the pixels are " + (kind.empty() ? std::string("of no named kind") : kind));
    if (samples != (gray ? 1u : 3u))
      refuse(kind + " pixels of " + std::to_string(samples) + " samples");
    if (allocated != 8 && !(allocated == 16 && gray))
      refuse(kind + " pixels of " + std::to_string(allocated) + " bits");
    if (stored < 1 || stored > allocated || high + 1 != stored || (!gray && stored != 8))
      refuse("pixels whose bits are " + std::to_string(stored) + " of " +
             std::to_string(allocated) + ", up to bit " + std::to_string(high));
  }

  unsigned rows, columns, samples, allocated, stored, high;
  bool is_signed, planes;
  std::string kind;
};

inline Frame dicom_gray(DicomFile& file, DicomFields const& fields) {
  std::size_t const count = std::size_t{fields.rows} * fields.columns;
  if (file.has(DCM_ModalityLUTSequence))
    file.fail("the pixels are to be looked up in a table (Modality LUT), which is not read",
              "convert it to one with a rescale slope");
  double const slope = file.decimal(DCM_RescaleSlope, "RescaleSlope", 1),
               intercept = file.decimal(DCM_RescaleIntercept, "RescaleIntercept", 0);
  if (slope == 0) file.damaged("RescaleSlope is 0");
  bool const packed = file.packed(), wide = fields.allocated == 16;
  std::vector<std::uint8_t> const bytes = packed ? file.unpacked_pixels(wide ? 2 : 1, count)
                                                 : file.plain_pixels(wide ? 2 * count : count);
  auto const stored = [&](std::size_t i) -> long {
    if (!wide) return bytes[i];
    if (packed) return bytes[i] << 8 | bytes[count + i];  // a segment of high bytes comes first
    return bytes[2 * i] | bytes[2 * i + 1] << 8;
  };
  long const range = 1L << fields.stored, mask = range - 1, half = range / 2;
  Frame frame{.height = fields.rows, .width = fields.columns};
  frame.values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    long value = stored(i) & mask;
    if (fields.is_signed && value >= half) value -= range;
    // Black becomes white within what the bits can hold.
    if (fields.kind == "MONOCHROME1") value = fields.is_signed ? -1 - value : mask - value;
    frame.values[i] = to_float(static_cast<double>(value) * slope + intercept);
  }
  return frame;
}

inline Image dicom_color(DicomFile& file, DicomFields const& fields) {
  std::size_t const count = std::size_t{fields.rows} * fields.columns;
  bool const planes = fields.planes || file.packed();
  std::vector<std::uint8_t> const bytes =
      file.packed() ? file.unpacked_pixels(3, count) : file.plain_pixels(3 * count);
  Image image = Image::from_shape({fields.rows, fields.columns, 3});
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      image.data()[3 * i + c] = planes ? bytes[c * count + i] : bytes[3 * i + c];
  return image;
}

}  // namespace detail

VLSM_INLINE DicomPicture parse_dicom(std::string_view bytes, std::string const& where) {
  detail::DicomFile file(bytes, where);
  if (!file.has(DCM_PixelData))
    file.fail("the DICOM file holds no pixels", "give one that holds a picture");
  if (long const frames = file.frames(); frames != 1)
    file.fail("the DICOM file holds " + std::to_string(frames) + " frames",
              "give a file of one frame");
  detail::DicomFields const fields(file);
  detail::check_frame_size(fields.columns, fields.rows, where);
  fields.check(file);
  DicomPicture picture;
  for (DcmTagKey const& key : {DCM_PatientID, DCM_StudyInstanceUID, DCM_SeriesInstanceUID})
    if (picture.person.empty()) picture.person = file.bytes_of(key);
  picture.is_color = fields.samples == 3;
  if (picture.is_color)
    picture.color = detail::dicom_color(file, fields);
  else
    picture.gray = detail::dicom_gray(file, fields);
  return picture;
}

#else

VLSM_INLINE DicomPicture parse_dicom(std::string_view, std::string const& where) {
  throw Error("this build does not read DICOM", where, "build with DCMTK (Debian: libdcmtk-dev)");
}

#endif

VLSM_INLINE DicomPicture read_dicom(std::filesystem::path const& path) {
  auto const file = io::MappedFile::open(path);
  return parse_dicom(detail::text_of(file->bytes()), path.string());
}

}  // namespace vlsm
