// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/base/file/files.hpp"

namespace vlsm::io {

/// The formats that weights come in.
enum class FileFormat { safetensors, zip, pickle };

namespace detail {

inline bool is_text(std::string_view start) {
  return std::all_of(start.begin(), start.end(), [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte >= 0x20 ? byte != 0x7f : byte == '\t' || byte == '\n' || byte == '\r';
  });
}

// What a failed download leaves behind is mostly text.
[[noreturn]] inline void refuse_text(std::string_view start, std::string const& path) {
  refuse_lfs_pointer(start, path);
  std::size_t const first = start.find_first_not_of(" \t\r\n");
  char const lead = first == std::string_view::npos ? ' ' : start[first];
  if (lead == '<')
    throw Error("this is a web page, not the weights", path,
                "download the file itself (the link may need a login)");
  if (lead == '{' || lead == '[')
    throw Error("this is JSON text, not the weights", path, "name the weights file or its folder");
  // The magic number with which torch's files of before 1.6 begin, as protocols 0 and 1 write it.
  if (start.starts_with("L119547037146038801333356L\n"))
    throw Error("this is a pickle of protocol 0 or 1, which is not read", path,
                "save it with torch's default protocol: torch.save(model.state_dict(), path)");
  throw Error("this is text, not the weights", path, "check what was downloaded");
}

}  // namespace detail

/// The format of `bytes`, told from the content alone: names and extensions of weights lie. Throws
/// Error that says what the file is instead, where that can be told.
inline FileFormat recognize_format(std::span<std::byte const> bytes, std::string const& path) {
  std::string_view const all(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  std::string_view const start = all.substr(0, 64);
  // Eight text bytes would be a header length beyond 2^61; a real length has zeros at its end.
  if (detail::is_text(start.substr(0, 16))) detail::refuse_text(start, path);
  if (start.size() > 8 && start[8] == '{') return FileFormat::safetensors;
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) return FileFormat::zip;
  if (start.size() >= 2 && start[0] == '\x80' && start[1] >= 0 && start[1] <= 5)
    return FileFormat::pickle;
  struct Other {
    std::string_view start;
    char const* what;
    char const* remedy;
  };
  static constexpr Other others[] = {
      {"\x1f\x8b", "this is a gzip archive", "unpack it first"},
      {"\x89HDF", "this is an HDF5 file, as Keras writes it", "convert it to safetensors"},
      {"GGUF", "this is a GGUF file", "use the original weights as safetensors"},
      {"\x93NUMPY", "this is a NumPy array", "convert it to safetensors"},
      {"7z\xbc\xaf", "this is a 7z archive", "unpack it first"}};
  for (Other const& other : others)
    if (start.starts_with(other.start)) throw Error(other.what, path, other.remedy);
  if (all.size() > 262 && all.substr(257, 5) == "ustar")
    throw Error("this is a tar archive", path, "unpack it first; torch before 0.2: save it again");
  throw Error("this is no weights file that is known here", path,
              "use safetensors or what torch.save or torch.jit.save writes");
}

}  // namespace vlsm::io
