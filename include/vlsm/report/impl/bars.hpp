// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "vlsm/report/impl/plot.hpp"

// Bars with intervals as SVG.
namespace vlsm::report::detail {

inline bool is_drawn(Bar const& bar) { return std::abs(bar.value) < 1e300; }

/// The axis of all values and interval ends; it holds 0.
inline Axis axis_of(BarChart const& chart) {
  Axis across;
  across.include(0);
  for (BarChart::Group const& group : chart.groups)
    for (Bar const& bar : group.bars)
      for (double const value : {bar.value, bar.low, bar.high})
        if (std::abs(value) < 1e300) across.include(value);
  across.finish(true);
  return across;
}

inline std::string part_html(BarChart const& chart) {
  constexpr double left = 24, right = 470, label = 20, thick = 13, gap = 9, top = 4;
  Axis const across = axis_of(chart);
  auto const x_of = [&](double x) { return left + across.share(x) * (right - left); };
  double bottom = top;
  for (BarChart::Group const& group : chart.groups)
    bottom +=
        label + gap + thick * static_cast<double>(std::ranges::count_if(group.bars, is_drawn));

  std::string svg = "<figure class=\"plot\">" + tag("h3", chart.title) + "<svg viewBox=\"0 0 520 " +
                    pixels(bottom + 46) + "\" role=\"img\" aria-label=\"" +
                    escape_html(chart.title) + "\">\n";
  for (double tick : across.ticks()) {
    svg += line(x_of(tick), top, x_of(tick), bottom, "grid");
    svg += text_at(x_of(tick), bottom + 17, "text-anchor=\"middle\"", across.label(tick));
  }
  svg += text_at((left + right) / 2, bottom + 38, "text-anchor=\"middle\"", chart.value_label);
  double y = top;
  for (BarChart::Group const& group : chart.groups) {
    svg += text_at(left - 16, y + 15, "class=\"group\"", group.label);
    y += label;
    for (std::size_t j = 0; j < group.bars.size(); ++j) {
      Bar const& bar = group.bars[j];
      if (!is_drawn(bar)) continue;
      double const from = x_of(std::min(bar.value, 0.0)), to = x_of(std::max(bar.value, 0.0));
      bool const interval = bar.high > bar.low;
      std::string const value = decimals(bar.value),
                        range = interval
                                    ? " (" + decimals(bar.low) + " to " + decimals(bar.high) + ")"
                                    : "";
      svg += "<g" + look(j) + "><rect class=\"bar\" x=\"" + pixels(from) + "\" y=\"" +
             pixels(y + 1) + "\" width=\"" + pixels(std::max(to - from, 0.5)) + "\" height=\"" +
             pixels(thick - 2) + "\">" +
             tag("title", (j < chart.series.size() ? chart.series[j] + ", " : "") + group.label +
                              ": " + value + range) +
             "</rect></g>\n";
      double const middle = y + thick / 2;
      if (interval) {
        svg += line(x_of(bar.low), middle, x_of(bar.high), middle, "axis");
        for (double const end : {bar.low, bar.high})
          svg += line(x_of(end), middle - 3, x_of(end), middle + 3, "axis");
      }
      svg += text_at(std::max(to, interval ? x_of(bar.high) : to) + 5, middle + 4,
                     "class=\"value\"", value);
      y += thick;
    }
    y += gap;
  }
  svg += line(x_of(0), top, x_of(0), bottom, "axis");

  std::string legend;
  for (std::size_t j = 0; j < chart.series.size(); ++j)
    legend +=
        "<li><svg viewBox=\"0 0 34 10\"" + look(j) +
        " aria-hidden=\"true\"><rect class=\"bar\" x=\"6\" width=\"22\" height=\"10\"/></svg>" +
        escape_html(chart.series[j]) + "</li>\n";
  return svg + "</svg>\n<ul class=\"legend\">" + legend + "</ul>" +
         tag("p class=\"note\"", chart.note) + "</figure>\n";
}

}  // namespace vlsm::report::detail
