// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "vlsm/base/error.hpp"

namespace vlsm::bench {

inline std::filesystem::path fixture(std::string const& name) {
  std::filesystem::path const path = std::filesystem::path(VLSM_TEST_DATA) / name;
  if (!std::filesystem::exists(path))
    throw Error("a fixture is missing", path.string(), "run from a complete source tree");
  return path;
}

}  // namespace vlsm::bench
