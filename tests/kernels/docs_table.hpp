// SPDX-License-Identifier: MIT
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

// The tables of docs/kernels.md that tests hold the kernels against.
namespace vlsm::test {

/// The cells of the lines between `<!-- name -->` and `<!-- end -->` below the table's head.
inline std::vector<std::vector<std::string>> table_of_docs(std::string const& name) {
  std::ifstream file(VLSM_DOCS "/kernels.md");
  std::string line;
  while (std::getline(file, line) && line != "<!-- " + name + " -->") continue;
  std::getline(file, line);
  std::getline(file, line);
  std::vector<std::vector<std::string>> rows;
  while (std::getline(file, line) && line != "<!-- end -->") {
    std::istringstream cells(line.substr(1));
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, '|');)
      rows.back().push_back(cell.substr(1, cell.size() - 2));
  }
  return rows;
}

}  // namespace vlsm::test
