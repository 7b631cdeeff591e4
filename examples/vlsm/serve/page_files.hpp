// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace tool::serve {

/// A file that is part of the program.
struct PageFile {
  std::string_view name, bytes;
};

/// The files of the page, and openapi.json; compiled in by CMake (serve/embed.cmake).
std::span<PageFile const> page_files();

}  // namespace tool::serve
