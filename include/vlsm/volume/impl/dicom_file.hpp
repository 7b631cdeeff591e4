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
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/volume/impl/dicom_run_lengths.hpp"

namespace vlsm::detail {

/// A DICOM file's bytes as a stream of DCMTK's. It says that it is a file, so DCMTK skips long
/// elements and reads them when they are asked for; else it would allocate as much memory as each
/// claims.
class DicomStream : public DcmInputBufferStream {
 public:
  explicit DicomStream(std::string_view bytes) : bytes_(bytes) {
    setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    setEos();
  }
  DcmInputStreamFactory* newFactory() const override {
    auto const at = static_cast<std::size_t>(tell());
    return new Factory(bytes_.substr(std::min(at, bytes_.size())));
  }

 private:
  class Factory : public DcmInputStreamFactory {
   public:
    explicit Factory(std::string_view bytes) : bytes_(bytes) {}
    DcmInputStream* create() const override { return new DicomStream(bytes_); }
    DcmInputStreamFactory* clone() const override { return new Factory(bytes_); }
    DcmInputStreamFactoryType ident() const override { return DFT_DcmInputFileStreamFactory; }

   private:
    std::string_view bytes_;
  };
  std::string_view bytes_;
};

/// A DICOM file in memory, with the checks that DCMTK leaves to its caller.
class DicomFile {
 public:
  DicomFile(std::string_view bytes, std::string const& where) : size_(bytes.size()), where_(where) {
    static std::once_flag once;
    std::call_once(once, [] { DCM_dcmdataLogger.setLogLevel(OFLogger::OFF_LOG_LEVEL); });
    if (bytes.size() < 132 || bytes.substr(128, 4) != "DICM")
      fail("this is no DICOM file: no DICM at byte 128", "give a DICOM file");
    check_items(bytes);
    DicomStream stream(bytes.substr(0, bytes.size() / 2 * 2));  // DCMTK wants an even number
    DcmMetaInfo meta;
    meta.transferInit();
    bool const sound = meta.read(stream, EXS_Unknown, EGL_noChange).good();
    meta.transferEnd();
    OFString syntax;
    if (!sound || !is_short(meta, DCM_TransferSyntaxUID) ||
        meta.findAndGetOFString(DCM_TransferSyntaxUID, syntax).bad())
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
    if (is_short(data_, tag) && data_.findAndGetUint16(tag, value).good()) return value;
    if (otherwise < 0) damaged(std::string("no ") + name);
    return static_cast<unsigned>(otherwise);
  }
  /// The number of an element; `otherwise` where there is none or it is blank.
  double decimal(DcmTagKey const& tag, char const* name, double otherwise) {
    if (!has(tag)) return otherwise;
    std::string const text = strings::trimmed(bytes_of(tag));
    if (text.empty() && is_short(data_, tag)) return otherwise;
    auto const value =
        strings::parse_number<double>(std::string_view(text).substr(text.starts_with('+')));
    if (!value || !std::isfinite(*value)) damaged(std::string(name) + " is no number");
    return *value;
  }
  std::string text(DcmTagKey const& tag) { return shown(bytes_of(tag).c_str()); }
  /// The bytes of a text's first value, without blanks at its end; empty where there is none, "?"
  /// for numbers that are no text.
  std::string bytes_of(DcmTagKey const& tag) {
    DcmElement* element = nullptr;
    OFString value;
    if (!is_short(data_, tag) || data_.findAndGetElement(tag, element).bad()) return {};
    // What a program did not know is marked as unknown (UN): DCMTK would write it in hexadecimal.
    DcmEVR const kind = element->ident();
    if (kind == EVR_OW || kind == EVR_OF || kind == EVR_OD || kind == EVR_OL) return "?";
    if (kind == EVR_UN || kind == EVR_OB) {
      Uint8* bytes = nullptr;
      if (element->getUint8Array(bytes).bad() || !bytes) return {};
      value.assign(reinterpret_cast<char const*>(bytes), element->getLength());
      value = value.substr(0, value.find('\\'));
      return strings::trimmed(value.c_str());
    }
    return element->getOFString(value, 0).good() ? std::string(value.c_str()) : std::string{};
  }
  bool has(DcmTagKey const& tag) { return data_.tagExists(tag) == OFTrue; }

  /// How many frames the file says it has.
  long frames() {
    return std::lround(std::clamp(decimal(DCM_NumberOfFrames, "NumberOfFrames", 1), -1e9, 1e9));
  }

  /// Whether the pixels are packed by run lengths.
  bool packed() const { return DcmXfer(data_.getOriginalXfer()).isEncapsulated(); }

  /// The `count` bytes of pixels that are not packed, words in this machine's order.
  std::vector<std::uint8_t> plain_pixels(std::size_t count) {
    DcmPixelData& pixels = pixel_data();
    if (pixels.getLength() > size_ || count > pixels.getLength()) too_few();
    std::vector<std::uint8_t> out(count + count % 2);  // DCMTK wants an even number
    Uint32 fragment = 0;
    OFString model;
    OFCondition const read = pixels.getUncompressedFrame(&data_, 0, fragment, out.data(),
                                                         static_cast<Uint32>(out.size()), model);
    if (read.bad()) damaged(read.text());
    return out;
  }

  /// The pixels of run lengths: so many segments of `count` bytes.
  std::vector<std::uint8_t> unpacked_pixels(std::size_t segments, std::size_t count) {
    constexpr std::size_t ratio = 64;
    DcmPixelSequence* sequence = nullptr;
    DcmPixelItem* item = nullptr;
    // The first fragment is a table of offsets.
    if (pixel_data()
            .getEncapsulatedRepresentation(data_.getOriginalXfer(), nullptr, sequence)
            .bad() ||
        !sequence || sequence->getItem(item, 1).bad() || !item)
      too_few();
    std::size_t const size = item->getLength();
    if (size > size_ || count * segments / ratio > size) too_few();
    Uint8* bytes = nullptr;
    if (item->getUint8Array(bytes).bad() || !bytes) too_few();
    auto out = unpack_run_lengths({reinterpret_cast<char const*>(bytes), size}, segments, count);
    if (out.empty()) damaged("run lengths that do not fill the picture");
    return out;
  }

 private:
  /// Whether an element is there with a value of at most 256 bytes, as all that is looked up has.
  static bool is_short(DcmItem& item, DcmTagKey const& tag) {
    constexpr Uint32 longest = 256;
    DcmElement* element = nullptr;
    return item.findAndGetElement(tag, element).good() && element &&
           element->getLength() <= longest;
  }

  [[noreturn]] void too_few() const { damaged("fewer pixels than its sides say"); }
  DcmPixelData& pixel_data() {
    DcmElement* element = nullptr;
    (void)data_.findAndGetElement(DCM_PixelData, element);
    auto* const pixels = dynamic_cast<DcmPixelData*>(element);
    if (!pixels) fail("the DICOM file holds no pixels", "give one that holds a picture");
    return *pixels;
  }

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

}  // namespace vlsm::detail

#endif
