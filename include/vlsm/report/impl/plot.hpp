// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/report/axis.hpp"
#include "vlsm/report/html.hpp"

// Plots as SVG.
namespace vlsm::report::detail {

inline constexpr std::size_t colors = 6;
inline constexpr std::array<std::string_view, 5> dashes{"", "8 4", "2 4", "10 3 2 3", "5 2"};

inline std::string tag(std::string const& name, std::string_view text) {
  if (text.empty()) return {};
  return "<" + name + ">" + escape_html(text) + "</" + name.substr(0, name.find(' ')) + ">\n";
}

inline std::string pixels(double value) {
  return strings::number_text(value, std::chars_format::fixed, 1);
}

struct Point {
  double x, y;
};

inline std::vector<Point> drawable(Curve const& curve) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < curve.y.size() && (curve.x.empty() || i < curve.x.size()); ++i) {
    Point const point{curve.x.empty() ? static_cast<double>(i + 1) : curve.x[i], curve.y[i]};
    // Beyond 1e300 (NaN too) the arithmetic of the axes would leave the range of double.
    if (std::abs(point.x) < 1e300 && std::abs(point.y) < 1e300) points.push_back(point);
  }
  return points;
}

// Colors and dashes repeat with periods that have no common factor: thirty curves differ.
inline std::string look(std::size_t index) {
  std::string_view const dash = dashes[index % dashes.size()];
  // Bars have no dashes: they become paler.
  constexpr std::array<std::string_view, 3> opacity{"", ";fill-opacity:.6", ";fill-opacity:.3"};
  return " style=\"--c:var(--c" + std::to_string(index % colors) + ")" +
         std::string(opacity[index / colors % opacity.size()]) +
         (dash.empty() ? "" : ";stroke-dasharray:" + std::string(dash)) + "\"";
}

inline std::string text_at(double x, double y, std::string const& more, std::string_view text) {
  return tag("text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" " + more, text);
}

inline std::string line(double x1, double y1, double x2, double y2, std::string const& kind) {
  return "<line class=\"" + kind + "\" x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) + "\" x2=\"" +
         pixels(x2) + "\" y2=\"" + pixels(y2) + "\"/>\n";
}

inline std::string part_html(Plot const& plot) {
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
               tag("title",
                   name + ": " + strings::number_text(points[j].x, std::chars_format::general, 6) +
                       ", " + strings::number_text(points[j].y, std::chars_format::general, 4)) +
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

}  // namespace vlsm::report::detail
