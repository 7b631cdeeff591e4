// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/crc32.hpp"
#include "vlsm/io/tensors/array.hpp"

/// `expression` must throw vlsm::Error whose one line contains `words`.
#define CHECK_ERROR(expression, words)                                       \
  do {                                                                       \
    std::string message_;                                                    \
    try {                                                                    \
      (void)(expression);                                                    \
    } catch (vlsm::Error const& error) {                                     \
      message_ = error.what();                                               \
    }                                                                        \
    CHECK_MESSAGE(message_.find(words) != std::string::npos,                 \
                  std::string("\"" words "\" not in \"" + message_ + "\"")); \
    CHECK(message_.find('\n') == std::string::npos);                         \
  } while (false)

namespace vlsm::test {

/// `value` as little-endian bytes.
template <typename T>
std::string little(T value) {
  return {reinterpret_cast<char const*>(&value), sizeof value};
}

inline std::span<std::byte const> as_bytes(std::string const& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// The elements of `array` in row-major order, as bytes.
inline std::string content(io::Array const& array) {
  io::Array const packed = io::contiguous(array);
  auto const count = static_cast<std::size_t>(io::elements(packed));
  if (count == 0) return {};
  return {reinterpret_cast<char const*>(packed.data), count * io::dtype_size(packed.dtype)};
}

/// A text of a pickle (SHORT_BINUNICODE or BINUNICODE).
inline std::string pickle_text(std::string const& text) {
  if (text.size() < 256) return '\x8c' + little(static_cast<std::uint8_t>(text.size())) + text;
  return 'X' + little(static_cast<std::uint32_t>(text.size())) + text;
}

inline std::string pickle_int(std::int64_t value) { return "\x8a\x08" + little(value); }

inline std::string pickle_ints(std::vector<std::int64_t> const& values) {
  std::string tuple = "(";
  for (std::int64_t value : values) tuple += pickle_int(value);
  return tuple + "t";
}

inline std::string pickle_global(std::string const& module, std::string const& name) {
  return "c" + module + "\n" + name + "\n";
}

/// A persistent id; `view` is a further pickled value or empty.
inline std::string pickle_storage(std::string const& type, std::string const& key,
                                  std::int64_t elements, std::string const& view = "") {
  return "(" + pickle_text("storage") + pickle_global("torch", type) + pickle_text(key) +
         pickle_text("cpu") + pickle_int(elements) + view + "tQ";
}

/// torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, False, None).
inline std::string pickle_tensor(std::string const& storage, std::int64_t offset,
                                 std::vector<std::int64_t> const& shape,
                                 std::vector<std::int64_t> const& strides) {
  return pickle_global("torch._utils", "_rebuild_tensor_v2") + "(" + storage + pickle_int(offset) +
         pickle_ints(shape) + pickle_ints(strides) + "\x89NtR";
}

/// A dict of already pickled values.
inline std::string pickle_dict(std::vector<std::pair<std::string, std::string>> const& items) {
  std::string dict = "}(";
  for (auto const& [key, value] : items) dict += pickle_text(key) + value;
  return dict + "u";
}

/// A whole pickle of protocol 2.
inline std::string pickle(std::string const& body) { return "\x80\x02" + body + "."; }

/// One entry of a zip archive that a test writes, with the lies it is to tell.
struct ZipPart {
  std::string name;
  std::string data;
  std::uint16_t method = 0;
  std::uint32_t crc_flip = 0;
};

/// A zip archive of stored entries, whose data start at multiples of `alignment` as torch does it.
inline std::string zip(std::vector<ZipPart> const& parts, std::size_t alignment = 64) {
  std::string file, directory;
  for (ZipPart const& part : parts) {
    std::uint32_t const crc = io::crc32(as_bytes(part.data)) ^ part.crc_flip;
    auto const size = static_cast<std::uint32_t>(part.data.size());
    auto const name = static_cast<std::uint16_t>(part.name.size());
    std::size_t const plain = file.size() + 30 + part.name.size();
    auto const extra = static_cast<std::uint16_t>((alignment - plain % alignment) % alignment);
    std::string const common = little<std::uint16_t>(0) + little(part.method) +
                               little<std::uint32_t>(0) + little(crc) + little(size) +
                               little(size) + little(name);
    directory += "PK\x01\x02" + little<std::uint16_t>(0) + little<std::uint16_t>(20) + common +
                 little<std::uint16_t>(0) + little<std::uint16_t>(0) + std::string(8, '\0') +
                 little(static_cast<std::uint32_t>(file.size())) + part.name;
    file += "PK\x03\x04" + little<std::uint16_t>(20) + common + little(extra) + part.name +
            std::string(extra, '\0') + part.data;
  }
  auto const count = static_cast<std::uint16_t>(parts.size());
  return file + directory + "PK\x05\x06" + std::string(4, '\0') + little(count) + little(count) +
         little(static_cast<std::uint32_t>(directory.size())) +
         little(static_cast<std::uint32_t>(file.size())) + std::string(2, '\0');
}

/// torch.save's zip format around a pickle and its storages.
inline std::string torch_zip(std::string const& data_pkl, std::vector<std::string> const& storages,
                             std::size_t alignment = 64) {
  std::vector<ZipPart> parts{{"weights/data.pkl", data_pkl}, {"weights/byteorder", "little"}};
  for (std::size_t i = 0; i < storages.size(); ++i)
    parts.push_back({"weights/data/" + std::to_string(i), storages[i]});
  return zip(parts, alignment);
}

/// torch.save's old format around an object and its storages ("0", "1", …) with their element
/// counts.
inline std::string legacy_file(std::string const& object,
                               std::vector<std::pair<std::int64_t, std::string>> const& storages) {
  std::string keys = "](", data;
  for (std::size_t i = 0; i < storages.size(); ++i) {
    keys += pickle_text(std::to_string(i));
    data += little(storages[i].first) + storages[i].second;
  }
  return pickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickle("M\xe9\x03") +
         pickle(pickle_dict({{"protocol_version", "M\xe9\x03"}, {"little_endian", "\x88"}})) +
         pickle(object) + pickle(keys + "e") + data;
}

/// n floats 0, 1, 2, … as bytes.
inline std::string floats(int n) {
  std::string bytes;
  for (int i = 0; i < n; ++i) bytes += little(static_cast<float>(i));
  return bytes;
}

}  // namespace vlsm::test
