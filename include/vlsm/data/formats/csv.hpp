// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/source_files.hpp"

namespace vlsm::detail {

/// A table of comma-separated values (RFC 4180: cells may be quoted, quotes within are doubled),
/// whose first row names the columns.
class Csv {
 public:
  /// Reads a file. Throws Error for one that cannot be read, and as the constructor does.
  static Csv read(std::filesystem::path const& path) {
    return Csv(read_lines(path, 1u << 28), path.string());
  }
  /// Reads a text with lines as read_lines makes them; `where` is its file, for messages. Throws
  /// Error where there is no row, or the text ends inside quotes.
  Csv(std::string_view text, std::string where) : where_(std::move(where)) {
    std::vector<std::string> row(1);
    bool quoted = false, any = false;
    auto const end_row = [&] {
      if (row.size() > 1 || !row[0].empty() || any) cells_.push_back(std::move(row));
      row.assign(1, {});
      any = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
      char const c = text[i];
      if (quoted) {
        if (c != '"')
          row.back() += c;
        else if (i + 1 < text.size() && text[i + 1] == '"')
          row.back() += text[++i];
        else
          quoted = false;
      } else if (c == '"') {
        quoted = any = true;
      } else if (c == ',') {
        row.emplace_back();
      } else if (c == '\n') {
        end_row();
      } else {
        row.back() += c;
      }
    }
    if (quoted)
      throw Error("the table ends inside quotes", where_, "it is cut off: fetch it again");
    end_row();
    if (cells_.empty()) throw Error("the table is empty", where_, "give the publisher's file");
    for (std::size_t i = 0; i < cells_[0].size(); ++i)
      columns_.emplace(strings::trimmed(cells_[0][i]), i);
  }

  /// Rows below the header.
  std::size_t rows() const { return cells_.size() - 1; }
  bool has(std::string const& column) const { return columns_.contains(column); }
  /// Throws Error where there is no such column.
  void need(std::string const& column) const {
    if (!has(column))
      throw Error("the table has no column \"" + column + "\"", where_,
                  "give the publisher's file");
  }
  /// Whether a row has a cell for each column.
  bool complete(std::size_t row) const { return cells_.at(row + 1).size() >= cells_[0].size(); }
  /// A cell without blanks at its ends; empty where the row is short. Throws Error where there is
  /// no such column.
  std::string at(std::size_t row, std::string const& column) const {
    need(column);
    auto const found = columns_.find(column);
    auto const& cells = cells_.at(row + 1);
    return found->second < cells.size() ? strings::trimmed(cells[found->second]) : "";
  }
  /// The file, for messages.
  std::string const& where() const { return where_; }

 private:
  std::string where_;
  std::vector<std::vector<std::string>> cells_;
  std::map<std::string, std::size_t> columns_;
};

}  // namespace vlsm::detail
