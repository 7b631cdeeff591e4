// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "emulation/cuda.hpp"
#include "kernels/docs_table.hpp"
#include "support/doctest.hpp"

namespace vlsm::test {

/// What `run` moves.
template <class Run>
emulation::Traffic moved(Run const& run) {
  emulation::traffic = {};
  run();
  return emulation::traffic;
}

/// Passes that are read and written, by the docs' table.
inline std::array<std::size_t, 2> passes(std::string const& kernel) {
  for (auto const& row : table_of_docs("passes"))
    if (row[0] == kernel)
      return {static_cast<std::size_t>(std::stoi(row[1])),
              static_cast<std::size_t>(std::stoi(row[3]))};
  FAIL("no row for ", kernel);
  return {};
}

}  // namespace vlsm::test
