// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/tokenizer/unicode/unicode.hpp"
#include "vlsm/version.hpp"

namespace tool {
namespace {

constexpr std::size_t colors = 6;
constexpr std::array<std::string_view, 5> dashes{"", "8 4", "2 4", "10 3 2 3", "5 2"};

std::string tag(std::string const& name, std::string_view text) {
  if (text.empty()) return {};
  return "<" + name + ">" + escape_html(text) + "</" + name.substr(0, name.find(' ')) + ">\n";
}

std::string pixels(double value) { return number(value, std::chars_format::fixed, 1); }

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = i; j < i + 3; ++j) {
      bits = bits << 8 | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += i + j <= bytes.size() ? digits[bits >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

struct Point {
  double x, y;
};

std::vector<Point> drawable(Curve const& curve) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < curve.y.size() && (curve.x.empty() || i < curve.x.size()); ++i) {
    Point const point{curve.x.empty() ? static_cast<double>(i + 1) : curve.x[i], curve.y[i]};
    // Beyond 1e300 (NaN too) the arithmetic of the axes would leave the range of double.
    if (std::abs(point.x) < 1e300 && std::abs(point.y) < 1e300) points.push_back(point);
  }
  return points;
}

// Colors and dashes repeat with periods that have no common factor: thirty curves differ.
std::string look(std::size_t index) {
  std::string_view const dash = dashes[index % dashes.size()];
  return " style=\"--c:var(--c" + std::to_string(index % colors) + ")" +
         (dash.empty() ? "" : ";stroke-dasharray:" + std::string(dash)) + "\"";
}

std::string text_at(double x, double y, std::string const& more, std::string_view text) {
  return tag("text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" " + more, text);
}

std::string line(double x1, double y1, double x2, double y2, std::string const& kind) {
  return "<line class=\"" + kind + "\" x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) + "\" x2=\"" +
         pixels(x2) + "\" y2=\"" + pixels(y2) + "\"/>\n";
}

std::string part_html(Plot const& plot) {
  Axis across, up;
  std::vector<std::vector<Point>> curves;
  for (Curve const& curve : plot.curves) {
    for (Point const& point : curves.emplace_back(drawable(curve))) {
      across.include(point.x);
      up.include(point.y);
    }
  }
  across.finish(false);
  up.finish(true);

  std::size_t widest = 0;
  for (double tick : up.ticks()) widest = std::max(widest, up.label(tick).size());
  double const left = 36 + 8 * static_cast<double>(widest), right = 506, top = 10, bottom = 262;
  auto const x_of = [&](double x) { return left + across.share(x) * (right - left); };
  auto const y_of = [&](double y) { return bottom - up.share(y) * (bottom - top); };

  std::string svg = "<figure class=\"plot\">" + tag("h3", plot.title) +
                    "<svg viewBox=\"0 0 520 312\" role=\"img\" aria-label=\"" +
                    escape_html(plot.title) + "\">\n";
  for (double tick : up.ticks()) {
    svg += line(left, y_of(tick), right, y_of(tick), "grid");
    svg += text_at(left - 8, y_of(tick) + 5, "text-anchor=\"end\"", up.label(tick));
  }
  for (double tick : across.ticks()) {
    svg += line(x_of(tick), bottom, x_of(tick), bottom + 5, "axis");
    svg += text_at(x_of(tick), bottom + 21, "text-anchor=\"middle\"", across.label(tick));
  }
  svg += line(left, bottom, right, bottom, "axis");
  svg += text_at((left + right) / 2, 305, "text-anchor=\"middle\"", plot.x_label);
  svg += text_at(-(top + bottom) / 2, 15, "text-anchor=\"middle\" transform=\"rotate(-90)\"",
                 plot.y_label);

  std::string legend;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    std::vector<Point> const& points = curves[i];
    std::string const name = plot.curves[i].name;
    std::string path, marks;
    // Many points: no visible marks, and tooltips at some two hundred of them.
    std::string const mark = points.size() > 60 ? " class=\"far\"" : "";
    for (std::size_t j = 0; j < points.size(); ++j) {
      std::string const x = pixels(x_of(points[j].x)), y = pixels(y_of(points[j].y));
      path += (path.empty() ? "" : " ") + x + "," + y;
      if (j % (points.size() / 200 + 1) != 0) continue;
      marks += "<circle" + mark + " cx=\"" + x + "\" cy=\"" + y + "\" r=\"3\">" +
               tag("title", name + ": " + number(points[j].x, std::chars_format::general, 6) +
                                ", " + number(points[j].y, std::chars_format::general, 4)) +
               "</circle>";
    }
    svg += "<g" + look(i) + "><polyline points=\"" + path + "\">" + tag("title", name) +
           "</polyline>\n" + marks + "</g>\n";
    legend += "<li><svg viewBox=\"0 0 34 10\"" + look(i) + " aria-hidden=\"true\">" +
              line(0, 5, 34, 5, "key") + "</svg>" + escape_html(name) +
              (points.empty() ? " (no values)" : "") + "</li>\n";
  }
  return svg + "</svg>\n<ul class=\"legend\">" + legend + "</ul></figure>\n";
}

bool numeric(Table const& table, std::size_t column) {
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

std::string part_html(Table const& table) {
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

std::string part_html(Gallery const& gallery) {
  std::size_t widest = 144;
  std::string figures;
  for (auto const& [caption, image, zoom] : gallery.pictures) {
    std::size_t const scale = static_cast<std::size_t>(std::clamp(zoom, 1, 32));
    std::size_t const height = image.shape(0), width = image.shape(1);
    figures += "<figure>";
    if (image.size() > 0) {
      if (image.shape(2) != 3)
        throw vlsm::Error("the report's picture is not RGB", caption, "give an image of [H, W, 3]");
      widest = std::max(widest, width * scale);
      // Enlarged pixels shall be seen as such, and small pictures are about their pixels.
      bool const sharp = scale > 1 || std::max(width, height) <= 128;
      figures += std::string("<img") + (sharp ? " class=\"sharp\"" : "") + " width=\"" +
                 std::to_string(width * scale) + "\" height=\"" + std::to_string(height * scale) +
                 "\" alt=\"" + escape_html(caption) + "\" src=\"data:image/png;base64," +
                 base64(vlsm::encode_png(image)) + "\">";
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

}  // namespace

std::string escape_html(std::string_view text) {
  std::string html;
  for (std::size_t at = 0; at < text.size();) {
    char32_t point = 0;
    std::size_t const length =
        vlsm::tokenizer::decode_one(text, at, point, vlsm::tokenizer::Surrogates::refuse);
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

std::string Report::html() const {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';img-src "
      "data:;style-src 'unsafe-inline'\">\n" +
      tag("title", title_) + "<style>" + std::string(report_style) + "</style>\n</head>\n<body>\n" +
      tag("h1", title_) + tag("p class=\"lead\"", lead_);
  std::string contents, body;
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    Section const& section = sections_[i];
    std::string const anchor = "part-" + std::to_string(i + 1);
    if (!section.title.empty()) contents += tag("a href=\"#" + anchor + "\"", section.title);
    body += "<section id=\"" + anchor + "\">\n" + tag("h2", section.title) +
            tag("p", section.text) + "<div class=\"parts\">\n";
    for (auto const& part : section.parts)
      body += std::visit([](auto const& p) { return part_html(p); }, part);
    body += "</div></section>\n";
  }
  // A short report needs no list of its parts.
  if (sections_.size() > 3) page += "<nav>" + contents + "</nav>\n";
  return page + body + "<footer>Made with vlsm " VLSM_VERSION "</footer>\n</body>\n</html>\n";
}

void Report::write(std::filesystem::path const& path) const {
  vlsm::io::write_whole_file(path, html());
}

}  // namespace tool
