// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vlsm/image/image.hpp"
#include "vlsm/report/table.hpp"

namespace vlsm::report {

/// Text as HTML shows it verbatim, in elements and in quoted attributes. Bytes that are not valid
/// UTF-8 and control characters become U+FFFD.
std::string escape_html(std::string_view text);

/// One line of a plot. Points that are not finite are left out; without `x` they are numbered
/// from 1.
struct Curve {
  std::string name;
  std::vector<double> x, y;
};

/// Curves over common axes, told apart by color and by dashes.
struct Plot {
  std::string title, x_label, y_label;
  std::vector<Curve> curves;
};

/// A value with its interval; what is not finite is left out.
struct Bar {
  double value = 0;
  double low = value, high = value;  ///< equal: no interval is drawn
};

/// Horizontal bars in groups over a common axis that begins at 0 or below; `bars[j]` of a group is
/// of `series[j]`.
struct BarChart {
  struct Group {
    std::string label;
    std::vector<Bar> bars;
  };
  std::string title, value_label;
  std::vector<std::string> series;
  std::vector<Group> groups;
  std::string note = {};  ///< stands below
};

/// A picture, stored in the report as PNG and shown `zoom` times enlarged where there is room.
struct Picture {
  std::string caption;
  Image image;
  int zoom = 1;
};

/// Pictures side by side.
struct Gallery {
  std::string title;
  std::vector<Picture> pictures;
};

/// A part of a report under its own heading: a text (line breaks count), then whatever shows it.
struct Section {
  std::string title;
  std::string text = {};
  std::vector<std::variant<Table, Plot, BarChart, Gallery>> parts = {};
};

/// A report as one HTML file that needs nothing else: no script, no other file, no network. It
/// follows the reader's choice of light or dark, fits a phone and prints.
class Report {
 public:
  /// `title` heads the report, `lead` says below it what it found.
  explicit Report(std::string title, std::string lead = {})
      : title_(std::move(title)), lead_(std::move(lead)) {}

  /// Appends a section.
  Report& add(Section section) {
    sections_.push_back(std::move(section));
    return *this;
  }

  /// The whole file. Throws Error for a picture that is not [H, W, 3].
  std::string html() const;

  /// Writes the file; it appears only when it is complete. Throws Error.
  void write(std::filesystem::path const& path) const;

 private:
  std::string title_, lead_;
  std::vector<Section> sections_;
};

}  // namespace vlsm::report

#ifndef VLSM_COMPILED
#include "vlsm/report/impl/html.hpp"
#endif
