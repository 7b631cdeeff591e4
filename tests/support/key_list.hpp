// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

// Lists of a source's tensors, as tests/data/keys holds them.
namespace vlsm::test {

/// One line: a key, the type of its elements as torch spells it, its shape.
struct ListedKey {
  std::string key, type;
  std::vector<std::int64_t> shape;
};

inline std::vector<ListedKey> read_key_list(std::filesystem::path const& path) {
  std::vector<ListedKey> list;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    ListedKey one;
    std::string shape;
    std::getline(words, one.key, '\t');
    std::getline(words, one.type, '\t');
    std::getline(words, shape);
    std::istringstream numbers(shape);
    for (std::string number; std::getline(numbers, number, ',');)
      one.shape.push_back(std::stoll(number));
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace vlsm::test
