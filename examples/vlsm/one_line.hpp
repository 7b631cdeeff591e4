// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace tool {

/// What a person wrote (a prompt, the name of a file), for a line that is printed: what would break
/// it is a space.
inline std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

}  // namespace tool
