// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <string>

#include "vlsm/base/error.hpp"

namespace vlsm::test {

/// What a reader says of bad input: the message of its Error, "" where it throws none.
template <class Read>
std::string error_of(Read&& read) {
  try {
    (void)read();
  } catch (Error const& error) {
    return error.what();
  }
  return {};
}

/// Whether a text holds another one; prints both where not.
inline bool says(std::string const& text, std::string const& part) {
  bool const found = text.find(part) != std::string::npos && text.find('\n') == std::string::npos;
  if (!found) std::printf("'%s' does not say '%s'\n", text.c_str(), part.c_str());
  return found;
}

}  // namespace vlsm::test
