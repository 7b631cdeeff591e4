// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vlsm::io {

/// Problems of a load, gathered so that one error can name them all.
class Problems {
 public:
  void add(std::string_view kind, std::string const& name) {
    found_[std::string(kind)].push_back(name);
  }
  bool any() const { return !found_.empty(); }

  /// "2 missing (a, b); 1 unused (c)"
  std::string text() const {
    std::string line;
    for (auto const& [kind, names] : found_) {
      line += (line.empty() ? "" : "; ") + std::to_string(names.size()) + " " + kind + " (";
      for (std::size_t i = 0; i < names.size() && i < shown; ++i)
        line += (i ? ", " : "") + names[i].substr(0, longest);
      line += names.size() > shown ? ", …)" : ")";
    }
    return line;
  }

 private:
  static constexpr std::size_t shown = 8;
  static constexpr std::size_t longest = 200;  // names in a hostile file may be megabytes long
  std::map<std::string, std::vector<std::string>> found_;
};

}  // namespace vlsm::io
