// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/base/file/crc32.hpp"
#include "vlsm/image/write.hpp"

// PNG files that say in themselves that `vlsm segment` or `vlsm evaluate` wrote them: a later run
// may replace those, and no other picture.
namespace tool {

/// The chunk that says so, at the place where it stands: behind the signature and IHDR.
inline constexpr std::size_t mark_place = 8 + 25;
inline std::string const& png_mark() {
  static std::string const mark = [] {
    std::string_view const said("Software\0vlsm segment", 21);
    std::string const summed = "tEXt" + std::string(said);
    auto const big_endian = [](std::size_t value) {
      return std::string{static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                         static_cast<char>(value >> 8), static_cast<char>(value)};
    };
    return big_endian(said.size()) + summed +
           big_endian(vlsm::io::crc32(std::as_bytes(std::span(summed))));
  }();
  return mark;
}

/// Writes a vlsm::Image or vlsm::Mask with the mark, whole or not at all; `flush`: see
/// vlsm::io::write_whole_file. Throws vlsm::Error.
template <class Picture>
void write_marked_png(std::filesystem::path const& path, Picture const& picture,
                      bool flush = true) {
  std::string file = vlsm::encode_png(picture);
  vlsm::io::write_whole_file(path, file.insert(mark_place, png_mark()), flush);
}

/// Whether a file has the mark. A pipe, which would keep who looks into it waiting, has none.
inline bool is_marked_png(std::filesystem::path const& path) {
  if (std::error_code ignored; !std::filesystem::is_regular_file(path, ignored)) return false;
  std::string start(mark_place + png_mark().size(), '\0');
  std::ifstream(path, std::ios::binary)
      .read(start.data(), static_cast<std::streamsize>(start.size()));
  return start.ends_with(png_mark());
}

/// `base` for a mask's name, with a number behind it where it or the overlay's name is one of
/// `taken` or not `may_be`; both are taken then.
template <class MayBe>
std::string take_name(std::string const& base, std::set<std::string>& taken, MayBe const& may_be) {
  auto const is_free = [&](std::string const& name) {
    return !taken.contains(name) && may_be(name);
  };
  std::string name = base;
  for (int number = 2; !is_free(name) || !is_free(name + "_overlay"); ++number)
    name = base + "-" + std::to_string(number);
  taken.insert({name, name + "_overlay"});
  return name;
}

/// Whether a file of that name is there that has no mark, so must not be replaced. A folder is no
/// file: what writes there says what is wrong.
inline bool is_foreign_file(std::filesystem::path const& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && !is_marked_png(path);
}

}  // namespace tool
