// SPDX-License-Identifier: MIT
#include "figure.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tool {
namespace {

constexpr int box_width = 260, box_height = 76, margin = 24, line_height = 16;
constexpr int text_column = margin + box_width + 110;  // the text tower stands beside the others

std::string number(int value) { return std::to_string(value); }

std::string words(int x, int y, std::string const& said, char const* style) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + style + "\">" + said +
         "</text>\n";
}

/// An arrow along "x y" points: "154 148 V212".
std::string arrow(std::string const& path) {
  return "<path d=\"M" + path + "\" class=\"arrow\"/>\n";
}

/// "24.1 M", "145"
std::string amount(double value) {
  char text[32];
  char const* unit = value >= 1e6 ? " M" : value >= 1e4 ? " k" : "";
  std::snprintf(text, sizeof text, "%.3g%s",
                value >= 1e6   ? value / 1e6
                : value >= 1e4 ? value / 1e3
                               : value,
                unit);
  return text;
}

std::string box(int x, int y, char const* slot, vlsm::SlotInfo const& info) {
  char work[32];
  std::snprintf(work, sizeof work, "%.3g GFLOP", info.gflop);
  std::string const frame = "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" +
                            number(box_width) + "\" height=\"" + number(box_height) +
                            "\" rx=\"8\"/>\n";
  return frame + words(x + 14, y + 22, slot, "slot") + words(x + 14, y + 44, info.block, "block") +
         words(x + 14, y + 64,
               amount(static_cast<double>(info.parameters)) + " parameters, " + work, "small");
}

/// "[64, 128, 128], [256, 64, 64]" as its shapes, a line each.
std::vector<std::string> lines_of(std::string const& shapes) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < shapes.size();) {
    std::size_t const end = std::min(shapes.find("], ", at), shapes.size() - 1) + 1;
    lines.push_back(shapes.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

}  // namespace

std::string figure(vlsm::RegisteredModel const& info) {
  constexpr std::array names{"vision", "text", "fusion", "decoder", "head"};
  bool const reads_text = info.vocabulary > 0;
  std::string const side = number(info.recipe.image);
  int const center = margin + box_width / 2, bus = text_column + box_width / 2;

  std::string svg =
      words(margin, margin + 12, std::string(info.name), "title") +
      words(margin + 14, margin + 38, "picture [3, " + side + ", " + side + "]", "small");
  int y = margin + 48, bus_end = 0;
  for (std::size_t slot : {0u, 2u, 3u, 4u}) {
    vlsm::SlotInfo const& block = info.slots[slot];
    svg += box(margin, y, names[slot], block);
    if (reads_text && block.reads_text) {
      bus_end = y + box_height / 2;
      svg += arrow(number(bus) + " " + number(bus_end) + " H" + number(margin + box_width));
    }
    y += box_height;
    auto const lines = lines_of(block.writes);
    int const gap = 28 + line_height * static_cast<int>(lines.size());
    svg += arrow(number(center) + " " + number(y) + " V" + number(y + gap));
    for (std::size_t i = 0; i < lines.size(); ++i)
      svg += words(center + 10, y + 20 + line_height * static_cast<int>(i), lines[i], "small");
    y += gap;
  }
  svg += words(center - 20, y + 16, "logits", "small");
  if (reads_text) {
    int const top = margin + 48;
    svg += words(text_column + 14, margin + 38, "sentence", "small") +
           box(text_column, top, names[1], info.slots[1]) +
           words(bus + 10, top + box_height + 20, info.slots[1].writes, "small") + "<path d=\"M" +
           number(bus) + " " + number(top + box_height) + " V" + number(bus_end) +
           "\" class=\"line\"/>\n";
  }

  std::string const width = number((reads_text ? text_column : margin) + box_width + margin),
                    height = number(y + 32);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + width + " " + height +
         "\" width=\"" + width + "\" height=\"" + height +
         "\">\n<style>text{font-family:sans-serif;font-size:13px;fill:#222}"
         ".title{font-size:17px;font-weight:bold}.slot{fill:#777}"
         ".block{font-size:15px;font-weight:bold}.small{font-size:12px;fill:#555}"
         "rect{fill:#f4f7fb;stroke:#5b7ba8}.arrow,.line{stroke:#5b7ba8;stroke-width:1.6;fill:none}"
         ".arrow{marker-end:url(#tip)}</style>\n<defs><marker id=\"tip\" "
         "markerWidth=\"9\" markerHeight=\"9\" refX=\"8\" refY=\"4\" orient=\"auto\">"
         "<path d=\"M0 0 L9 4 L0 8 z\" fill=\"#5b7ba8\"/></marker></defs>\n<path d=\"M0 0 H" +
         width + " V" + height + " H0 z\" fill=\"white\"/>\n" + svg + "</svg>\n";
}

}  // namespace tool
