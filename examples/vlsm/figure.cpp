// SPDX-License-Identifier: MIT
#include "figure.hpp"

#include <cstdio>

namespace tool {
namespace {

constexpr int box_width = 260, box_height = 76, gap = 64, margin = 24, columns_apart = 300;

struct Spot {
  int x, y;
};

// Picture and sentence come in at the top, side by side; what follows stands below the picture.
Spot place_of(int slot) {
  if (slot == 1) return {margin + columns_apart, margin + 48};
  int const row = slot == 0 ? 0 : slot - 1;
  return {margin, margin + 48 + row * (box_height + gap)};
}

std::string text(int x, int y, std::string const& words, char const* style) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" class=\"" + style +
         "\">" + words + "</text>\n";
}

std::string arrow(Spot from, Spot to) {
  char line[160];
  std::snprintf(line, sizeof line, "<path d=\"M%d %d L%d %d\" class=\"arrow\"/>\n", from.x, from.y,
                to.x, to.y);
  return line;
}

std::string box(Spot spot, char const* slot, SlotInfo const& info) {
  char size[96];
  std::snprintf(size, sizeof size, "%.3g M parameters, %.3g GFLOP",
                static_cast<double>(info.parameters) / 1e6, info.gflop);
  std::string const frame = "<rect x=\"" + std::to_string(spot.x) + "\" y=\"" +
                            std::to_string(spot.y) + "\" width=\"" + std::to_string(box_width) +
                            "\" height=\"" + std::to_string(box_height) + "\" rx=\"8\"/>\n";
  return frame + text(spot.x + 14, spot.y + 22, slot, "slot") +
         text(spot.x + 14, spot.y + 44, info.block, "block") +
         text(spot.x + 14, spot.y + 64, size, "small");
}

}  // namespace

std::string figure(ModelInfo const& info) {
  constexpr char const* names[] = {"vision", "text", "fusion", "decoder", "head"};
  bool const reads_text = info.vocabulary > 0;
  int const width = 2 * margin + box_width + (reads_text ? columns_apart : 0) + 40,
            height = place_of(4).y + box_height + gap;
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
                    std::to_string(width) + " " + std::to_string(height) + "\" width=\"" +
                    std::to_string(width) + "\" height=\"" + std::to_string(height) +
                    "\">\n<style>text{font-family:sans-serif;font-size:13px;fill:#222}"
                    ".title{font-size:17px;font-weight:bold}.slot{fill:#777}"
                    ".block{font-size:15px;font-weight:bold}.small{font-size:12px;fill:#555}"
                    "rect{fill:#f4f7fb;stroke:#5b7ba8}.arrow{stroke:#5b7ba8;stroke-width:1.6;"
                    "fill:none;marker-end:url(#tip)}</style>\n<defs><marker id=\"tip\" "
                    "markerWidth=\"9\" markerHeight=\"9\" refX=\"8\" refY=\"4\" orient=\"auto\">"
                    "<path d=\"M0 0 L9 4 L0 8 z\" fill=\"#5b7ba8\"/></marker></defs>\n"
                    "<path d=\"M0 0 H" +
                    std::to_string(width) + " V" + std::to_string(height) +
                    " H0 z\" fill=\"white\"/>\n";
  std::string const side = std::to_string(info.recipe.image);
  svg += text(margin, margin + 12, std::string(info.name), "title");
  svg += text(margin + 14, margin + 38, "picture [3, " + side + ", " + side + "]", "small");
  if (reads_text) svg += text(place_of(1).x + 14, margin + 38, "sentence", "small");
  for (int slot = 0; slot < 5; ++slot) {
    if (slot == 1 && !reads_text) continue;
    Spot const at = place_of(slot);
    svg += box(at, names[slot], info.slots[static_cast<std::size_t>(slot)]);
    Spot const from{at.x + box_width / 2, at.y + box_height};
    // The sentence enters the fusion from the side.
    Spot const to = slot == 1 ? Spot{place_of(2).x + box_width, place_of(2).y + box_height / 2}
                              : Spot{from.x, from.y + gap};
    svg += arrow(from, to);
    svg += text(from.x + 10, from.y + gap / 2, info.slots[static_cast<std::size_t>(slot)].writes,
                "small");
  }
  return svg + text(margin + box_width / 2 - 20, height - 8, "logits", "small") + "</svg>\n";
}

}  // namespace tool
