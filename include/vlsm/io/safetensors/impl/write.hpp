// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/io/safetensors/tags.hpp"

namespace vlsm::io {

namespace detail {

inline std::string json_text(std::string const& text, std::string const& where) {
  try {
    return nlohmann::json(text).dump();
  } catch (nlohmann::json::exception const&) {
    throw Error("the name " + shown(text) + " is not UTF-8", where, "rename it before writing");
  }
}

/// Bytes of a tensor that is about to be written.
inline std::size_t written_bytes(NamedArray const& tensor, std::string const& where) {
  Array const& array = tensor.array;
  auto const count = element_count(array.shape);
  auto const bytes = count ? checked_product<std::size_t>(static_cast<std::size_t>(*count),
                                                          dtype_size(array.dtype))
                           : std::nullopt;
  if (!bytes || array.strides.size() != array.shape.size() || !is_contiguous(array) ||
      *bytes > array.bytes)
    throw Error("the tensor " + shown(tensor.name) + " is not contiguous or has too few bytes",
                where, "pass vlsm::io::contiguous(array)");
  return *bytes;
}

/// The length field and the header, padded so that the data start at a multiple of 64 bytes.
inline std::string safetensors_header(std::vector<NamedArray const*> const& tensors,
                                      std::map<std::string, std::string> const& metadata,
                                      std::string const& where) {
  std::string text = "{";
  if (!metadata.empty()) {
    text += R"("__metadata__":{)";
    for (auto const& [key, value] : metadata) {
      if (text.back() != '{') text += ',';
      text += json_text(key, where) + ':' + json_text(value, where);
    }
    text += '}';
  }
  std::size_t at = 0;
  for (NamedArray const* tensor : tensors) {
    std::size_t const end = at + written_bytes(*tensor, where);
    if (text.size() > 1) text += ',';
    text += json_text(tensor->name, where) + R"(:{"dtype":")";
    text += safetensors_tags[safetensors_rank(tensor->array.dtype)].text;
    text += R"(","shape":[)";
    for (std::int64_t size : tensor->array.shape) {
      if (text.back() != '[') text += ',';
      text += std::to_string(size);
    }
    text += R"(],"data_offsets":[)" + std::to_string(at) + ',' + std::to_string(end) + "]}";
    at = end;
  }
  text += '}';
  // The reference pads to 8; 64 is what torch's allocator and vector loads prefer.
  while ((text.size() + 8) % 64 != 0) text += ' ';
  if (text.size() > longest_safetensors_header)
    throw Error("names and metadata exceed a safetensors header", where, "write fewer tensors");
  std::uint64_t const length = text.size();
  return std::string(reinterpret_cast<char const*>(&length), 8) + text;
}

}  // namespace detail

VLSM_INLINE void write_safetensors(std::filesystem::path const& path,
                                   std::vector<NamedArray> const& tensors,
                                   std::map<std::string, std::string> const& metadata, bool flush) {
  std::vector<NamedArray const*> order;
  for (NamedArray const& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](NamedArray const* a, NamedArray const* b) {
    std::size_t const rank_a = safetensors_rank(a->array.dtype);
    std::size_t const rank_b = safetensors_rank(b->array.dtype);
    return rank_a != rank_b ? rank_a > rank_b : a->name < b->name;
  });
  std::vector<std::string_view> names;
  for (NamedArray const* tensor : order) names.push_back(tensor->name);
  std::sort(names.begin(), names.end());
  auto const twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    throw Error("two tensors are named " + shown(*twice), path.string(), "rename one of them");
  if (std::binary_search(names.begin(), names.end(), std::string_view("__metadata__")))
    throw Error("a tensor must not be named __metadata__", path.string(), "rename it");

  std::string const header = detail::safetensors_header(order, metadata, path.string());
  AtomicFile file(path);
  file.write(header.data(), header.size());
  for (NamedArray const* tensor : order)
    file.write(tensor->array.data, detail::written_bytes(*tensor, path.string()));
  file.commit(flush);
}

}  // namespace vlsm::io
