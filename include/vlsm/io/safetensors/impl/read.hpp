// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/io/safetensors/tags.hpp"

namespace vlsm::io {

namespace detail {

inline constexpr std::string_view fetch_again = "download or write the file again";

/// One tensor of the header: [begin, end) counts from the end of the header, in bytes.
struct SafetensorsEntry {
  std::string name;
  std::optional<DType> dtype;  ///< nothing: `tag` is of a type that is not held here
  std::string tag;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

inline std::uint64_t header_number(nlohmann::json const& value, std::string const& where) {
  if (!value.is_number_unsigned())
    throw Error("a size or offset is not a whole number >= 0", where, fetch_again);
  return value.get<std::uint64_t>();
}

inline SafetensorsEntry header_entry(std::string const& name, nlohmann::json const& info,
                                     std::string const& path) {
  std::string const where = path + ", tensor " + shown(name);
  if (!info.is_object() || !info.contains("dtype") || !info.contains("shape") ||
      !info.contains("data_offsets") || !info["dtype"].is_string() || !info["shape"].is_array() ||
      !info["data_offsets"].is_array() || info["data_offsets"].size() != 2)
    throw Error("dtype, shape or data_offsets are missing or of the wrong kind", where,
                fetch_again);

  SafetensorsEntry entry;
  entry.name = name;
  auto const& tag = info["dtype"].get_ref<std::string const&>();
  entry.dtype = safetensors_dtype(tag);
  entry.tag = tag;
  auto const bits = entry.dtype ? 8 * dtype_size(*entry.dtype) : foreign_bits(tag);
  if (!bits)
    throw Error("the dtype " + shown(tag) + " is not known", where,
                "convert it to F32, F16 or BF16");
  for (nlohmann::json const& size : info["shape"]) {
    std::uint64_t const number = header_number(size, where);
    if (number > INT64_MAX) throw Error("the shape is too large", where, fetch_again);
    entry.shape.push_back(static_cast<std::int64_t>(number));
  }
  entry.begin = header_number(info["data_offsets"][0], where);
  entry.end = header_number(info["data_offsets"][1], where);
  auto const count = element_count(entry.shape);
  auto const all_bits =
      count ? checked_product<std::int64_t>(*count, static_cast<std::int64_t>(*bits))
            : std::nullopt;
  auto const bytes = all_bits ? std::optional(*all_bits / 8 + (*all_bits % 8 != 0)) : std::nullopt;
  if (!bytes) throw Error("the shape is too large", where, fetch_again);
  if (entry.end < entry.begin || entry.end - entry.begin != static_cast<std::uint64_t>(*bytes))
    throw Error("shape and dtype need " + std::to_string(*bytes) + " bytes, but data_offsets is [" +
                    std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]",
                where, fetch_again);
  return entry;
}

/// Reads `header` and checks that the tensors follow each other without holes or overlaps and fill
/// `data_bytes` exactly.
inline std::vector<SafetensorsEntry> header_entries(nlohmann::json const& header,
                                                    std::uint64_t data_bytes,
                                                    std::string const& path) {
  std::vector<SafetensorsEntry> entries;
  for (auto const& item : header.items())
    if (item.key() != "__metadata__")
      entries.push_back(header_entry(item.key(), item.value(), path));
  std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::uint64_t at = 0;
  for (SafetensorsEntry const& entry : entries) {
    if (entry.begin != at)
      throw Error(entry.begin < at ? "the data overlap those of another tensor"
                                   : "a hole lies before the data",
                  path + ", tensor " + shown(entry.name), fetch_again);
    at = entry.end;
  }
  if (at > data_bytes)
    throw Error("the file is cut off: " + std::to_string(at - data_bytes) + " bytes are missing",
                path, fetch_again);
  if (at < data_bytes)
    throw Error(std::to_string(data_bytes - at) + " bytes follow the last tensor", path,
                fetch_again);
  return entries;
}

inline std::map<std::string, std::string> header_metadata(nlohmann::json const& header,
                                                          std::string const& path) {
  std::map<std::string, std::string> metadata;
  if (!header.contains("__metadata__") || header["__metadata__"].is_null()) return metadata;
  nlohmann::json const& map = header["__metadata__"];
  if (!map.is_object()) throw Error("__metadata__ is not an object", path, fetch_again);
  for (auto const& item : map.items()) {
    if (!item.value().is_string())
      throw Error("the metadata " + shown(item.key()) + " is not text", path, fetch_again);
    metadata[item.key()] = item.value().get<std::string>();
  }
  return metadata;
}

}  // namespace detail

VLSM_INLINE Safetensors read_safetensors(std::shared_ptr<MappedFile const> const& file) {
  std::span<std::byte const> const bytes = file->bytes();
  std::string const& path = file->path();
  if (bytes.size() < 8)
    throw Error("the file is too short for a safetensors header", path, detail::fetch_again);
  auto const length = load_little<std::uint64_t>(bytes.data());
  if (length > longest_safetensors_header)
    throw Error("the header would be " + std::to_string(length) + " bytes long", path,
                "this is no safetensors file, or it is damaged");
  if (length > bytes.size() - 8)
    throw Error("the file ends inside its header: " + std::to_string(length - (bytes.size() - 8)) +
                    " bytes are missing",
                path, detail::fetch_again);

  std::string_view const text(reinterpret_cast<char const*>(bytes.data()) + 8, length);
  nlohmann::json const header =
      parse_json(text, path + ", header", detail::fetch_again, strict_json);
  std::span<std::byte const> const data = bytes.subspan(8 + length);

  Safetensors result;
  result.metadata = detail::header_metadata(header, path);
  for (detail::SafetensorsEntry& entry : detail::header_entries(header, data.size(), path)) {
    if (!entry.dtype) {
      result.unread.push_back({std::move(entry.name), std::move(entry.tag)});
      continue;
    }
    std::span<std::byte const> const part = data.subspan(entry.begin, entry.end - entry.begin);
    Array array{*entry.dtype, std::move(entry.shape), {}, nullptr, 0, owner_of(file, part)};
    array.strides = row_major_strides(array.shape);
    array.data = part.data();
    array.bytes = part.size();
    // Old writers did not pad the header: torch must not be given such a pointer.
    if (reinterpret_cast<std::uintptr_t>(array.data) % dtype_size(array.dtype) != 0) {
      std::shared_ptr<std::byte> const copy = allocate_aligned(array.bytes);
      if (array.bytes > 0) std::memcpy(copy.get(), array.data, array.bytes);
      array.data = copy.get();
      array.owner = copy;
    }
    result.tensors.push_back({std::move(entry.name), std::move(array)});
  }
  return result;
}

VLSM_INLINE Safetensors read_safetensors(std::filesystem::path const& path) {
  return read_safetensors(MappedFile::open(path));
}

}  // namespace vlsm::io
