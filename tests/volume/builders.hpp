// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

// Medical files made byte by byte, with the lies a test wants them to tell.
namespace vlsm::test {

/// The bytes of a number, in either order.
template <class T>
std::string number_bytes(T value, bool big = false) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  if (big) std::reverse(bytes.begin(), bytes.end());
  return bytes;
}
template <class T>
std::string samples(std::vector<T> const& values, bool big = false) {
  std::string bytes;
  for (T value : values) bytes += number_bytes(value, big);
  return bytes;
}

/// A NIfTI-1 header of 352 bytes.
struct NiftiSpec {
  std::vector<int> sides = {3, 2};
  int type = 2;  // uint8
  float slope = 1, intercept = 0, offset = 352;
  bool big = false;
  std::string magic = std::string("n+1\0", 4);
  int dimensions = -1;  // as many as sides

  std::string header() const {
    std::string text(352, '\0');
    auto const put = [&](std::size_t at, auto value) {
      text.replace(at, sizeof value, number_bytes(value, big));
    };
    put(0, std::int32_t{348});
    put(40,
        static_cast<std::int16_t>(dimensions < 0 ? static_cast<int>(sides.size()) : dimensions));
    for (std::size_t i = 0; i < sides.size() && i < 7; ++i)
      put(42 + 2 * i, static_cast<std::int16_t>(sides[i]));
    put(70, static_cast<std::int16_t>(type));
    for (std::size_t i = 0; i < 8; ++i) put(76 + 4 * i, i == 1 ? -0.3f : 1.f);
    put(108, offset), put(112, slope), put(116, intercept);
    put(252, std::int16_t{1}), put(254, std::int16_t{1});  // qform, sform
    put(280, -0.3f), put(300, -0.3f);                      // an affine that turns both axes
    text.replace(344, 4, magic);
    return text;
  }
};

/// The text of a MetaImage; `changed` lines replace those of the same key, "" leaves one out.
inline std::string metaimage_text(
    std::vector<std::pair<std::string, std::string>> const& changed = {},
    std::string const& end = "\n") {
  std::vector<std::pair<std::string, std::string>> lines = {{"ObjectType", "Image"},
                                                            {"NDims", "2"},
                                                            {"BinaryData", "True"},
                                                            {"DimSize", "3 2"},
                                                            {"ElementType", "MET_UCHAR"}};
  std::string file = "LOCAL", text;
  for (auto const& change : changed) {
    if (change.first == "ElementDataFile") {
      file = change.second;
      continue;
    }
    auto const found = std::find_if(lines.begin(), lines.end(),
                                    [&](auto const& line) { return line.first == change.first; });
    if (found == lines.end())
      lines.push_back(change);
    else
      found->second = change.second;
  }
  for (auto const& [key, value] : lines)
    if (!value.empty()) text += key + " = " + value + end;
  return text + "ElementDataFile = " + file + end;
}

/// A DICOM file of one picture.
struct DicomSpec {
  std::string syntax = "1.2.840.10008.1.2.1", kind = "MONOCHROME2";
  int rows = 2, columns = 3, samples = 1, allocated = 8, stored = 8;
  int high = -1;  // stored - 1
  bool is_signed = false, planes = false, implicit = false, big = false;
  std::string frames{}, slope{}, intercept{};
  std::string early{};  // elements ahead of group 0028
  std::string pixels = std::string("\0\1\2\3\4\5", 6);
  bool packed = false;  // `pixels` are all that stands behind the element's tag
  bool no_pixels = false;

  std::string element(int group, int tag, std::string const& kind_of, std::string value) const {
    if (value.size() % 2) value += kind_of == "UI" || kind_of == "OB" ? '\0' : ' ';
    auto const size = static_cast<std::uint32_t>(value.size());
    return head(group, tag, kind_of, size) + value;
  }
  std::string head(int group, int tag, std::string const& kind_of, std::uint32_t size) const {
    bool const turn = big && group != 2;
    std::string text = number_bytes(static_cast<std::uint16_t>(group), turn) +
                       number_bytes(static_cast<std::uint16_t>(tag), turn);
    if (implicit && group != 2) return text + number_bytes(size, turn);
    text += kind_of;
    if (kind_of == "OB" || kind_of == "OW" || kind_of == "SQ" || kind_of == "UN")
      return text + std::string(2, '\0') + number_bytes(size, turn);
    return text + number_bytes(static_cast<std::uint16_t>(size), turn);
  }
  std::string word(int tag, int value) const {
    return element(0x28, tag, "US", number_bytes(static_cast<std::uint16_t>(value), big));
  }
  std::string bytes() const {
    std::string const meta =
        element(2, 1, "OB", std::string("\0\1", 2)) + element(2, 0x10, "UI", syntax);
    std::string text = std::string(128, '\0') + "DICM" +
                       element(2, 0, "UL", number_bytes(static_cast<std::uint32_t>(meta.size()))) +
                       meta + early;
    text += word(2, samples) + element(0x28, 4, "CS", kind);
    if (samples > 1) text += word(6, planes);
    if (!frames.empty()) text += element(0x28, 8, "IS", frames);
    text += word(0x10, rows) + word(0x11, columns) + word(0x100, allocated) + word(0x101, stored) +
            word(0x102, high < 0 ? stored - 1 : high) + word(0x103, is_signed);
    if (!intercept.empty()) text += element(0x28, 0x1052, "DS", intercept);
    if (!slope.empty()) text += element(0x28, 0x1053, "DS", slope);
    if (no_pixels) return text;
    if (packed) return text + head(0x7fe0, 0x10, "OB", 0xffffffff) + pixels;
    return text + element(0x7fe0, 0x10, allocated == 16 ? "OW" : "OB", pixels);
  }
};

/// The fragments of a DICOM picture by run lengths: each segment's bytes as they are.
inline std::string run_length_fragments(std::vector<std::string> const& segments) {
  std::string const item("\xfe\xff\x00\xe0", 4);
  std::string head = number_bytes(static_cast<std::uint32_t>(segments.size())), body;
  for (std::string const& segment : segments) {
    head += number_bytes(static_cast<std::uint32_t>(64 + body.size()));
    body += static_cast<char>(segment.size() - 1) + segment;
    if (body.size() % 2) body += '\x80';
  }
  head.resize(64, '\0');
  return item + std::string(4, '\0') + item +
         number_bytes(static_cast<std::uint32_t>(head.size() + body.size())) + head + body +
         std::string("\xfe\xff\xdd\xe0\0\0\0\0", 8);
}

}  // namespace vlsm::test
