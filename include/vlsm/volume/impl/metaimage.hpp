// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/base/file/gzip.hpp"
#include "vlsm/base/file/inflate.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/volume/metaimage.hpp"

namespace vlsm {

namespace detail {

/// The lines "Key = value" of a MetaImage, up to the one that names the data.
class MetaImageText {
 public:
  MetaImageText(std::string_view bytes, std::string const& where) : where_(where) {
    constexpr std::size_t longest_line = 4096, most_lines = 1000;
    for (std::size_t lines = 0; !has("ElementDataFile"); ++lines) {
      std::size_t const end = bytes.substr(size_, longest_line).find('\n');
      bool const last = end == std::string_view::npos;
      if (lines == most_lines || (last && bytes.size() - size_ > longest_line))
        fail("this is no MetaImage text: its lines have no end");
      std::string_view const line = bytes.substr(size_, last ? bytes.size() - size_ : end);
      size_ += line.size() + !last;
      add(line);
      if (last && !has("ElementDataFile")) fail("this is no MetaImage: no line ElementDataFile");
    }
  }

  [[noreturn]] void fail(std::string const& what,
                         std::string const& remedy = "give a MetaImage (.mhd, .mha)") const {
    throw Error(what, where_, remedy);
  }
  bool has(std::string const& key) const { return values_.contains(key); }
  std::size_t size() const { return size_; }

  /// The value of a key; `otherwise` where there is none. Throws Error without either.
  std::string value(std::string const& key, char const* otherwise = nullptr) const {
    auto const found = values_.find(key);
    if (found != values_.end()) return found->second;
    if (!otherwise) fail("this is no MetaImage, or not a whole one: no line " + key);
    return otherwise;
  }
  bool flag(std::string const& key) const {
    std::string const text = value(key, "False");
    bool const yes = text == "True" || text == "true" || text == "TRUE" || text == "1";
    if (!yes && text != "False" && text != "false" && text != "FALSE" && text != "0")
      fail(key + " is neither True nor False: " + brief(text, 40));
    return yes;
  }
  std::vector<long long> numbers(std::string const& key, char const* otherwise = nullptr) const {
    std::string const text = value(key, otherwise);
    std::vector<long long> numbers;
    for (char const *at = text.data(), *end = at + text.size(); at != end;) {
      if (*at == ' ' || *at == '\t') {
        ++at;
        continue;
      }
      long long number = 0;
      auto const [next, failed] = std::from_chars(at, end, number);
      if (failed != std::errc{} || (next != end && *next != ' ' && *next != '\t'))
        fail(key + " holds no whole number, or one that is too large: " + brief(text, 40));
      numbers.push_back(number);
      at = next;
    }
    return numbers;
  }
  long long number(std::string const& key, char const* otherwise = nullptr) const {
    auto const all = numbers(key, otherwise);
    if (all.size() != 1) fail(key + " is not one number");
    return all[0];
  }
  /// A value out of the file, quoted, as a message may show it.
  static std::string brief(std::string_view text, std::size_t longest) {
    return "'" + strings::brief(text, longest) + "'";
  }

 private:
  void add(std::string_view line) {
    std::size_t const equals = line.find('=');
    if (equals == std::string_view::npos) {
      if (strings::trimmed(line).empty()) return;
      fail("this is no MetaImage text: a line without '='");
    }
    std::string const key = strings::trimmed(line.substr(0, equals));
    if (!values_.emplace(key, strings::trimmed(line.substr(equals + 1))).second)
      fail("the line " + brief(key, 40) + " occurs twice");
  }

  std::string where_;
  std::map<std::string, std::string, std::less<>> values_{};
  std::size_t size_ = 0;
};

/// The type of ElementType. Throws Error for one that is not read.
inline SampleType metaimage_type(MetaImageText const& text) {
  static std::pair<char const*, SampleType> const types[] = {
      {"MET_UCHAR", SampleType::uint8},   {"MET_CHAR", SampleType::int8},
      {"MET_USHORT", SampleType::uint16}, {"MET_SHORT", SampleType::int16},
      {"MET_UINT", SampleType::uint32},   {"MET_INT", SampleType::int32},
      {"MET_FLOAT", SampleType::float32}, {"MET_DOUBLE", SampleType::float64}};
  std::string const name = text.value("ElementType");
  for (auto const& [known, type] : types)
    if (name == known) return type;
  text.fail("pixels of ElementType " + MetaImageText::brief(name, 40) + " are not read",
            "convert them to MET_UCHAR, MET_SHORT or MET_FLOAT");
}

/// The file that holds the pixels; empty where they stand behind the text. Throws Error for a list
/// of files, and for a path that leads out of the header's folder.
inline std::string metaimage_data_file(MetaImageText const& text) {
  std::string name = text.value("ElementDataFile");
  if (name == "LOCAL" || name == "Local" || name == "local") return {};
  if (name.empty() || name.starts_with("LIST") || name.find('%') != std::string::npos)
    text.fail("a list of data files is not read: ElementDataFile " + MetaImageText::brief(name, 40),
              "write the pixels into one file");
  std::filesystem::path const path(name);
  bool plain = path.is_relative() && name.find_first_of(std::string("\\:\0", 3)) == name.npos;
  for (auto const& part : path) plain &= part != "..";
  if (!plain || !path.has_filename())
    text.fail("the data file " + MetaImageText::brief(name, 80) +
                  " is not named by a plain name below the header's folder",
              "put it beside the header and write its name alone");
  return name;
}

/// What a zlib stream or a gzip file holds, at least `size` bytes. Throws Error where it is damaged
/// or holds fewer.
inline std::string unpacked_metaimage(std::string_view data, std::size_t size,
                                      std::string const& where) {
  bool const possible = size <= most_inflated(data.size());
  if (possible && data.starts_with("\x1f\x8b")) {
    if (auto out = io::gunzip(data, most_inflated(data.size())); out && out->size() >= size)
      return *std::move(out);
  } else if (possible && data.size() > 6 && (data[0] & 15) == 8 && (data[1] & 32) == 0) {
    std::string out(size, '\0');
    auto const result = io::inflate(data.substr(2), out.data(), size);
    if (result.state == io::Inflated::State::done && result.written == size) return out;
  }
  throw Error("the packed pixels are damaged, cut off, or not as many as the header says", where,
              "fetch the file again, or write it anew with CompressedData = False");
}

/// A header with its sides alone. Throws Error unless it is that of a picture of one channel and 2
/// or 3 dimensions, stored as binary numbers.
inline MetaImageHeader metaimage_sides(MetaImageText const& text, std::string const& where) {
  if (text.value("ObjectType", "Image") != "Image")
    text.fail("this MetaImage holds no picture: ObjectType " +
              text.brief(text.value("ObjectType"), 40));
  long long const dimensions = text.number("NDims");
  auto const sides = text.numbers("DimSize");
  if (dimensions != 2 && dimensions != 3)
    text.fail("a MetaImage of " + std::to_string(dimensions) + " dimensions is not read",
              "write frames, or a sequence of frames");
  if (sides.size() != static_cast<std::size_t>(dimensions))
    text.fail("DimSize has " + std::to_string(sides.size()) + " numbers, NDims is " +
              std::to_string(dimensions));
  if (long long const channels = text.number("ElementNumberOfChannels", "1"); channels != 1)
    text.fail("pixels of " + std::to_string(channels) + " channels are not read",
              "write one channel");
  if (!text.flag("BinaryData") && text.has("BinaryData"))
    text.fail("pixels as text (BinaryData = False) are not read", "write them with BinaryData");
  check_frame_size(sides[0], sides[1], where);
  long long const frames = dimensions == 3 ? sides[2] : 1;
  if (frames < 1)
    text.fail("the third side must be 1 or more, not " + std::to_string(frames),
              "fetch the file again, or write it anew");
  return {.height = static_cast<std::size_t>(sides[1]),
          .width = static_cast<std::size_t>(sides[0]),
          .frames = static_cast<std::size_t>(frames)};
}

}  // namespace detail

VLSM_INLINE MetaImageHeader parse_metaimage_header(std::string_view bytes,
                                                   std::string const& where) {
  detail::MetaImageText const text(bytes, where);
  MetaImageHeader header = detail::metaimage_sides(text, where);
  header.samples.type = detail::metaimage_type(text);
  header.samples.big_endian =
      text.flag("BinaryDataByteOrderMSB") || text.flag("ElementByteOrderMSB");
  header.compressed = text.flag("CompressedData");
  long long const skip = text.number("HeaderSize", "0");
  if (skip < -1) text.fail("HeaderSize is " + std::to_string(skip));
  if (skip == -1 && header.compressed)
    text.fail("packed pixels at an unknown place (HeaderSize = -1) are not read",
              "write them with HeaderSize = 0");
  header.skip = static_cast<std::size_t>(skip);
  if (skip == -1) header.skip.reset();
  header.data_file = detail::metaimage_data_file(text);
  header.text_size = text.size();
  return header;
}

VLSM_INLINE Frame parse_metaimage(MetaImageHeader const& header, std::string_view data,
                                  std::string const& where, std::optional<std::size_t> frame) {
  std::size_t const k = detail::chosen_frame(frame, header.frames, where);
  std::size_t const one = header.height * header.width * detail::sample_size(header.samples.type);
  auto const all = io::checked_product(one, header.frames);
  auto const cut = [&] {
    std::string const wanted = all ? std::to_string(*all) : "far too many";
    throw Error("the pixels are cut off: " + std::to_string(data.size()) + " bytes of " + wanted,
                where, "fetch the file again");
  };
  std::size_t const skip = header.skip                  ? *header.skip
                           : all && *all <= data.size() ? data.size() - *all
                                                        : 0;
  if (!all || skip > data.size()) cut();
  data.remove_prefix(skip);
  std::string unpacked;
  if (header.compressed)
    data = unpacked = detail::unpacked_metaimage(data, *all, where);
  else if (data.size() < *all)
    cut();
  return detail::frame_of(detail::frame_bytes(data, one, k, where), header.height, header.width,
                          header.samples);
}

VLSM_INLINE Frame read_metaimage(std::filesystem::path const& path,
                                 std::optional<std::size_t> frame) {
  auto const file = io::MappedFile::open(path);
  std::string_view const text = detail::text_of(file->bytes());
  MetaImageHeader const header = parse_metaimage_header(text, path.string());
  (void)detail::chosen_frame(frame, header.frames, path.string());
  if (header.data_file.empty())
    return parse_metaimage(header, text.substr(header.text_size), path.string(), frame);
  std::filesystem::path const data_path = path.parent_path() / header.data_file;
  auto const data = io::MappedFile::open(data_path);
  return parse_metaimage(header, detail::text_of(data->bytes()), data_path.string(), frame);
}

}  // namespace vlsm
