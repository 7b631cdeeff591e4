// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/strings.hpp"

namespace vlsm::report {

/// Rows of text under headers; columns that hold only numbers are aligned to the right.
struct Table {
  std::string title;
  std::vector<std::string> headers;
  std::vector<std::vector<std::string>> rows;
  std::string note = {};  ///< stands below
};

/// A number with so many decimals; empty where it is not finite, without a sign where it rounds to
/// zero.
inline std::string decimals(double value, int count = 4) {
  if (!std::isfinite(value)) return {};
  std::string text = strings::number_text(value, std::chars_format::fixed, count);
  if (text[0] == '-' && text.find_first_of("123456789") == std::string::npos) text.erase(0, 1);
  return text;
}

/// The table as comma-separated values (RFC 4180, lines end in LF): headers, then rows.
inline std::string to_csv(Table const& table) {
  std::string csv;
  auto const add = [&](std::vector<std::string> const& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      bool const quote = cells[i].find_first_of(",\"\r\n") != std::string::npos;
      std::string cell = cells[i];
      for (std::size_t at = 0; quote && (at = cell.find('"', at)) != std::string::npos; at += 2)
        cell.insert(at, 1, '"');
      csv += (i ? "," : "") + (quote ? '"' + cell + '"' : cell);
    }
    csv += '\n';
  };
  add(table.headers);
  for (auto const& row : table.rows) add(row);
  return csv;
}

/// The table in GitHub's Markdown, its title above, its note below.
inline std::string to_markdown(Table const& table) {
  std::string text = table.title.empty() ? "" : "### " + table.title + "\n\n";
  auto const add = [&](std::vector<std::string> const& cells) {
    for (std::string cell : cells) {
      for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2)
        cell.insert(at, 1, '\\');
      std::ranges::replace(cell, '\n', ' ');
      text += "| " + cell + " ";
    }
    text += "|\n";
  };
  add(table.headers);
  add(std::vector<std::string>(table.headers.size(), "---"));
  for (auto const& row : table.rows) add(row);
  return text + (table.note.empty() ? "" : "\n" + table.note + "\n");
}

/// Text as LaTeX shows it verbatim.
inline std::string escape_latex(std::string_view text) {
  std::string escaped;
  for (char const c : text) {
    if (std::string_view("&%$#_{}").find(c) != std::string_view::npos)
      escaped += std::string("\\") + c;
    else if (c == '\\')
      escaped += "\\textbackslash{}";
    else if (c == '~')
      escaped += "\\textasciitilde{}";
    else if (c == '^')
      escaped += "\\textasciicircum{}";
    else if (c == '<' || c == '>' || c == '|')
      escaped += std::string("$") + c + "$";
    else
      escaped += c;
  }
  return escaped;
}

/// The table as LaTeX for the booktabs package, with title and note as its caption.
inline std::string to_latex(Table const& table) {
  std::string text = "\\begin{table}\n\\centering\n\\caption{" + escape_latex(table.title) +
                     (table.note.empty() ? "" : ". " + escape_latex(table.note)) +
                     "}\n\\begin{tabular}{";
  for (std::size_t c = 0; c < table.headers.size(); ++c) {
    bool const numbers = std::ranges::all_of(table.rows, [&](auto const& row) {
      return c >= row.size() ||
             row[c].find_first_not_of("0123456789+-.,%/() ") == std::string::npos;
    });
    text += numbers ? 'r' : 'l';
  }
  text += "}\n\\toprule\n";
  auto const add = [&](std::vector<std::string> const& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += (i ? " & " : "") + escape_latex(cells[i]);
    text += " \\\\\n";
  };
  add(table.headers);
  text += "\\midrule\n";
  for (auto const& row : table.rows) add(row);
  return text + "\\bottomrule\n\\end{tabular}\n\\end{table}\n";
}

}  // namespace vlsm::report
