// SPDX-License-Identifier: MIT
#pragma once

#ifdef VLSM_DICOM
#include <dcmtk/config/osconfig.h>
// osconfig.h comes first.
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>
#endif

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/volume/dicom.hpp"
#include "vlsm/volume/samples.hpp"

namespace vlsm {

#ifdef VLSM_DICOM

namespace detail {

/// A DICOM file in memory, with the checks that DCMTK leaves to its caller.
class DicomFile {
 public:
  DicomFile(std::string_view bytes, std::string const& where) : size_(bytes.size()), where_(where) {
    static std::once_flag once;
    std::call_once(once, [] {
      DCM_dcmdataLogger.setLogLevel(OFLogger::OFF_LOG_LEVEL);
      DcmRLEDecoderRegistration::registerCodecs();
    });
    if (bytes.size() < 132 || bytes.substr(128, 4) != "DICM")
      fail("this is no DICOM file: no DICM at byte 128", "give a DICOM file");
    check_items(bytes);
    DcmInputBufferStream stream;
    stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    stream.setEos();
    DcmMetaInfo meta;
    meta.transferInit();
    bool const sound = meta.read(stream, EXS_Unknown, EGL_noChange).good();
    meta.transferEnd();
    OFString syntax;
    if (!sound || meta.findAndGetOFString(DCM_TransferSyntaxUID, syntax).bad())
      damaged("its header names no transfer syntax");
    check_syntax(syntax.c_str());
    data_.transferInit();
    OFCondition const read = data_.read(stream, DcmXfer(syntax.c_str()).getXfer(), EGL_noChange);
    data_.transferEnd();
    if (read.bad()) damaged(read.text());
  }

  [[noreturn]] void fail(std::string const& what, std::string const& remedy) const {
    throw Error(what, where_, remedy);
  }
  [[noreturn]] void damaged(std::string const& why) const {
    fail("the DICOM file is damaged or cut off: " + shown(why.c_str()), "fetch the file again");
  }
  /// A text of the file as a message may show it.
  static std::string shown(char const* text) {
    std::string out;
    for (; *text && out.size() < 80; ++text) out += *text >= 0x20 && *text < 0x7f ? *text : '?';
    return out;
  }

  unsigned number(DcmTagKey const& tag, char const* name, int otherwise = -1) {
    Uint16 value = 0;
    if (data_.findAndGetUint16(tag, value).good()) return value;
    if (otherwise < 0) damaged(std::string("no ") + name);
    return static_cast<unsigned>(otherwise);
  }
  double decimal(DcmTagKey const& tag, double otherwise) {
    Float64 value = 0;
    return data_.findAndGetFloat64(tag, value).good() && std::isfinite(value) ? value : otherwise;
  }
  std::string text(DcmTagKey const& tag) {
    OFString value;
    return data_.findAndGetOFString(tag, value).good() ? shown(value.c_str()) : std::string{};
  }
  bool has(DcmTagKey const& tag) { return data_.tagExists(tag) == OFTrue; }

  /// How many frames the file says it has.
  long frames() {
    Sint32 frames = 1;
    return data_.findAndGetSint32(DCM_NumberOfFrames, frames).good() ? frames : 1;
  }

  /// The pixels of the only frame, `count` bytes in this machine's order.
  std::vector<std::uint16_t> pixels(std::size_t count) {
    DcmElement* element = nullptr;
    if (data_.findAndGetElement(DCM_PixelData, element).bad() || !element)
      fail("the DICOM file holds no pixels", "give one that holds a picture");
    auto* const pixels = dynamic_cast<DcmPixelData*>(element);
    bool const packed = DcmXfer(data_.getOriginalXfer()).isEncapsulated();
    constexpr std::size_t ratio = 64;  // of run lengths
    if (!pixels || count > (packed ? size_ * ratio : std::size_t{pixels->getLength()}))
      damaged("fewer pixels than its sides say");
    std::vector<std::uint16_t> out(count / 2 + 1);
    Uint32 fragment = 0;
    OFString model;
    // DCMTK wants an even number of bytes.
    OFCondition const read = pixels->getUncompressedFrame(
        &data_, 0, fragment, out.data(), static_cast<Uint32>(count + count % 2), model);
    if (read.bad()) damaged(read.text());
    return out;
  }

 private:
  /// DCMTK reads sequences within sequences by recursion: their depth is at most the number of
  /// items, which is small where there is one picture.
  void check_items(std::string_view bytes) const {
    constexpr int most = 2000;
    for (std::string_view const item :
         {std::string_view("\xfe\xff\x00\xe0", 4), std::string_view("\xff\xfe\xe0\x00", 4)}) {
      int count = 0;
      for (std::size_t at = 0; (at = bytes.find(item, at)) != bytes.npos; at += 4)
        if (++count > most)
          fail("the DICOM file holds more than " + std::to_string(most) +
                   " items of sequences, which one picture does not need",
               "give a file of one frame");
    }
  }

  void check_syntax(char const* uid) const {
    for (char const* known :
         {UID_LittleEndianImplicitTransferSyntax, UID_LittleEndianExplicitTransferSyntax,
          UID_BigEndianExplicitTransferSyntax, UID_RLELosslessTransferSyntax})
      if (std::strcmp(uid, known) == 0) return;
    char const* const name = dcmFindNameOfUID(uid);
    fail("the transfer syntax " + std::string(name ? name : "unknown") + " (" + shown(uid) +
             ") is not read",
         "unpack it first, as by dcmconv, dcmdjpeg or gdcmconv --raw");
  }

  std::size_t size_;
  std::string where_;
  DcmDataset data_{};
};

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
  double const slope = file.decimal(DCM_RescaleSlope, 1),
               intercept = file.decimal(DCM_RescaleIntercept, 0);
  std::vector<std::uint16_t> const words = file.pixels(count * (fields.allocated / 8));
  auto const* const bytes = reinterpret_cast<std::uint8_t const*>(words.data());
  long const range = 1L << fields.stored, mask = range - 1, half = range / 2;
  Frame frame{.height = fields.rows, .width = fields.columns};
  frame.values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    long value = (fields.allocated == 16 ? words[i] : bytes[i]) & mask;
    if (fields.is_signed && value >= half) value -= range;
    // Black becomes white within what the bits can hold.
    if (fields.kind == "MONOCHROME1") value = fields.is_signed ? -1 - value : mask - value;
    frame.values[i] = to_float(static_cast<double>(value) * slope + intercept);
  }
  return frame;
}

inline Image dicom_color(DicomFile& file, DicomFields const& fields) {
  std::size_t const count = std::size_t{fields.rows} * fields.columns;
  std::vector<std::uint16_t> const words = file.pixels(3 * count);
  auto const* const bytes = reinterpret_cast<std::uint8_t const*>(words.data());
  Image image = Image::from_shape({fields.rows, fields.columns, 3});
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      image.data()[3 * i + c] = fields.planes ? bytes[c * count + i] : bytes[3 * i + c];
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
