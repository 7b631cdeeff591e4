// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "vlsm/base/base64.hpp"
#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/utf8.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/report/html.hpp"
#include "vlsm/report/impl/bars.hpp"
#include "vlsm/report/impl/plot.hpp"
#include "vlsm/report/style.hpp"
#include "vlsm/version.hpp"

namespace vlsm::report {

namespace detail {

inline bool numeric(Table const& table, std::size_t column) {
  bool digits = false;
  for (auto const& row : table.rows) {
    if (column >= row.size()) continue;
    std::string const& cell = row[column];
    digits = digits || cell.find_first_of("0123456789") != std::string::npos;
    // Besides ASCII: plus-minus, minus and dashes.
    if (cell != "nan" && cell.find_first_not_of("0123456789+-.,eE%/() \u00b1\u2212\u2013\u2014") !=
                             std::string::npos)
      return false;
  }
  return digits;
}

inline std::string part_html(Table const& table) {
  std::size_t columns = table.headers.size();
  for (auto const& row : table.rows) columns = std::max(columns, row.size());
  std::vector<std::string> open;
  for (std::size_t c = 0; c < columns; ++c)
    open.push_back(numeric(table, c) ? " class=\"n\">" : ">");
  auto const row_html = [&](std::vector<std::string> const& cells, std::string const& kind) {
    std::string row = "<tr>";
    for (std::size_t c = 0; c < columns; ++c) {
      row += "<" + kind + open[c] + (c < cells.size() ? escape_html(cells[c]) : "") + "</" +
             kind.substr(0, 2) + ">";
    }
    return row + "</tr>\n";
  };
  std::string html =
      "<div class=\"wide\"><div class=\"scroll\"><table>" + tag("caption", table.title);
  if (!table.headers.empty())
    html += "<thead>" + row_html(table.headers, "th scope=\"col\"") + "</thead>";
  html += "<tbody>\n";
  for (auto const& row : table.rows) html += row_html(row, "td");
  return html + "</tbody></table></div>" + tag("p class=\"note\"", table.note) + "</div>\n";
}

inline std::string part_html(Gallery const& gallery) {
  std::size_t widest = 144;
  std::string figures;
  for (auto const& [caption, image, zoom] : gallery.pictures) {
    std::size_t const scale = static_cast<std::size_t>(std::clamp(zoom, 1, 32));
    std::size_t const height = image.shape(0), width = image.shape(1);
    figures += "<figure>";
    if (image.size() > 0) {
      if (image.shape(2) != 3)
        throw Error("the report's picture is not RGB", caption, "give an image of [H, W, 3]");
      widest = std::max(widest, width * scale);
      // Enlarged pixels shall be seen as such, and small pictures are about their pixels.
      bool const sharp = scale > 1 || std::max(width, height) <= 128;
      figures += std::string("<img") + (sharp ? " class=\"sharp\"" : "") + " width=\"" +
                 std::to_string(width * scale) + "\" height=\"" + std::to_string(height * scale) +
                 "\" alt=\"" + escape_html(caption) + "\" src=\"data:image/png;base64," +
                 to_base64(encode_png(image)) + "\">";
    }
    figures += tag("figcaption", caption) + "</figure>\n";
  }
  // At least two stand side by side, on a phone too.
  std::string const size = std::to_string(widest) + "px",
                    share = gallery.pictures.size() > 1 ? "46%" : "100%";
  return "<div class=\"wide\">" + tag("h3", gallery.title) +
         "<div class=\"gallery\" style=\"grid-template-columns:repeat(auto-fill,min(" + size + "," +
         share + "))\">\n" + figures + "</div></div>\n";
}

}  // namespace detail

VLSM_INLINE std::string escape_html(std::string_view text) {
  std::string html;
  for (std::size_t at = 0; at < text.size();) {
    char32_t point = 0;
    std::size_t const length = decode_one(text, at, point, Surrogates::refuse);
    bool const control =
        (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
    if (length == 0 || control)
      html += "\ufffd";
    else if (point == '&')
      html += "&amp;";
    else if (point == '<')
      html += "&lt;";
    else if (point == '>')
      html += "&gt;";
    else if (point == '"')
      html += "&quot;";
    else if (point == '\'')
      html += "&#39;";
    else
      html += text.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return html;
}

VLSM_INLINE std::string Report::html() const {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';img-src "
      "data:;style-src 'unsafe-inline'\">\n" +
      detail::tag("title", title_) + "<style>" + std::string(report_style) +
      "</style>\n</head>\n<body>\n" + detail::tag("h1", title_) +
      detail::tag("p class=\"lead\"", lead_);
  std::string contents, body;
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    Section const& section = sections_[i];
    std::string const anchor = "part-" + std::to_string(i + 1);
    if (!section.title.empty())
      contents += detail::tag("a href=\"#" + anchor + "\"", section.title);
    body += "<section id=\"" + anchor + "\">\n" + detail::tag("h2", section.title) +
            detail::tag("p", section.text) + "<div class=\"parts\">\n";
    for (auto const& part : section.parts)
      body += std::visit([](auto const& p) { return detail::part_html(p); }, part);
    body += "</div></section>\n";
  }
  // A short report needs no list of its parts.
  if (sections_.size() > 3) page += "<nav>" + contents + "</nav>\n";
  return page + body + "<footer>Made with vlsm " VLSM_VERSION "</footer>\n</body>\n</html>\n";
}

VLSM_INLINE void Report::write(std::filesystem::path const& path) const {
  io::write_whole_file(path, html());
}

}  // namespace vlsm::report
