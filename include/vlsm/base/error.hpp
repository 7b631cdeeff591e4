// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace vlsm {

/// A text (a prompt, the name of a file) for a line that is printed: control characters, which
/// would break the line (and a terminal), become spaces.
inline std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return line;
}

/// A failure that a person can act on, in one line: what went wrong, where, what to do about it.
/// Everything that bad input can cause in this library is thrown as this type.
class Error : public std::runtime_error {
 public:
  Error(std::string_view what, std::string_view where, std::string_view remedy)
      : std::runtime_error(join(what, where, remedy)) {}

 private:
  static std::string join(std::string_view what, std::string_view where, std::string_view remedy) {
    std::string line;
    for (std::string_view part : {what, where, remedy}) {
      if (part.empty()) continue;
      if (!line.empty()) line += ": ";
      line += one_line(part);
    }
    return line;
  }
};

/// A file that cannot be written since the disk, or a quota, is full: whatever else is written
/// fails as well.
class NoSpace : public Error {
 public:
  using Error::Error;
};

/// "[2, 3, 352, 352]", for error messages. `Sizes` is at::IntArrayRef or any list of integers.
template <class Sizes>
std::string shape_text(Sizes const& sizes) {
  std::string text = "[";
  for (std::size_t i = 0; i < sizes.size(); ++i) text += (i ? ", " : "") + std::to_string(sizes[i]);
  return text + "]";
}

}  // namespace vlsm
