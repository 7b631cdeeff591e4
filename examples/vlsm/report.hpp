// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vlsm/image/image.hpp"

namespace tool {

/// Text as HTML shows it verbatim, in elements and in quoted attributes. Bytes that are no UTF-8
/// and control characters become U+FFFD.
std::string escape_html(std::string_view text);

/// Rows of text under headers; columns that hold only numbers are aligned to the right.
struct Table {
  std::string title;
  std::vector<std::string> headers;
  std::vector<std::vector<std::string>> rows;
  std::string note = {};  ///< stands below
};

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

/// A picture, stored in the report as PNG and shown `zoom` times enlarged where there is room.
struct Picture {
  std::string caption;
  vlsm::Image image;
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
  std::vector<std::variant<Table, Plot, Gallery>> parts = {};
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

  /// The whole file. Throws vlsm::Error for a picture that is not [H, W, 3].
  std::string html() const;

  /// Writes the file; it appears only when it is complete. Throws vlsm::Error.
  void write(std::filesystem::path const& path) const;

 private:
  std::string title_, lead_;
  std::vector<Section> sections_;
};

/// A number as text. Unlike printf, to_chars writes a point in every locale.
template <class... Format>
std::string number(double value, Format... format) {
  std::array<char, 400> text{};
  auto const result = std::to_chars(text.data(), text.data() + text.size(), value, format...);
  return {text.data(), result.ptr};
}

/// One of the two axes of a plot: its range and its ticks, multiples of 1, 2 or 5 times a power of
/// ten.
class Axis {
 public:
  /// Widens the range to a value, at most 1e300 in size.
  void include(double value) {
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
    whole_ = whole_ && value == std::floor(value);
  }

  /// Chooses the ticks; `to_ticks` moves the ends of the range to ticks. Without a value the range
  /// is 0 to 1, and a constant gets room on both sides.
  void finish(bool to_ticks) {
    if (low_ > high_) low_ = 0, high_ = 1, whole_ = false;
    double const size = std::max(std::abs(low_), std::abs(high_));
    if (high_ - low_ <= std::max(1e-9 * size, 1e-290)) {
      double const room = std::max(0.1 * size, whole_ || size < 1e-280 ? 1.0 : 0.0);
      low_ -= room;
      high_ += room;
    }
    double const coarse = (high_ - low_) / 5;
    double const power = std::pow(10, std::floor(std::log10(coarse))), digit = coarse / power;
    step_ = power * (digit < 1.01 ? 1 : digit < 2.01 ? 2 : digit < 5.01 ? 5 : 10);
    if (whole_) step_ = std::max(step_, 1.0);
    if (!to_ticks) return;
    low_ = std::floor(low_ / step_ + 1e-6) * step_;
    high_ = std::ceil(high_ / step_ - 1e-6) * step_;
  }

  /// Where the ticks are, in rising order.
  std::vector<double> ticks() const {
    std::vector<double> result;
    double const last = std::floor(high_ / step_ + 1e-6);
    for (double i = std::ceil(low_ / step_ - 1e-6); i <= last; ++i) {
      result.push_back(i * step_ + 0.0);  // no -0
    }
    return result;
  }

  /// A tick in as few digits as tell it from its neighbors.
  std::string label(double tick) const {
    auto const exponent = [](double value) {
      return static_cast<int>(std::floor(std::log10(value) + 1e-9));
    };
    double const size = std::max(std::abs(low_), std::abs(high_));
    if (size < 1e6 && step_ > 0.9e-5) {
      return number(tick, std::chars_format::fixed, std::max(0, -exponent(step_)));
    }
    int const digits = exponent(size) - exponent(step_) + 1;
    return number(tick, std::chars_format::general, std::clamp(digits, 1, 15));
  }

  /// Where a value lies in the range: 0 at its low end, 1 at its high end.
  double share(double value) const { return (value - low_) / (high_ - low_); }

 private:
  double low_ = HUGE_VAL, high_ = -HUGE_VAL, step_ = 1;
  bool whole_ = true;  // all values are whole numbers, such as epochs; so are the ticks then
};

/// What reports look like. Curves take Okabe and Ito's colors, which color-blind readers tell
/// apart, darker on white.
inline constexpr std::string_view report_style = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1c2127;--soft:#5b6570;--line:#d5dae0;
--band:#f3f5f7;
--c0:#0072b2;--c1:#d55e00;--c2:#00835f;--c3:#b4559a;--c4:#8f6a00;--c5:#3a3f45}
@media screen and (prefers-color-scheme:dark){:root{--back:#14181d;--text:#e4e8ec;--soft:#9aa5b1;
--line:#343c46;--band:#1d232a;--c0:#56b4e9;--c1:#ff8a47;--c2:#2fc99b;--c3:#e59bcd;--c4:#f0d442;
--c5:#d0d5da}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:62rem;background:var(--back);
color:var(--text);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3,caption{font-size:1rem;font-weight:600;text-align:left;margin:0 0 .5rem;padding:0}
caption{margin:0;padding-bottom:.5rem}
p{margin:.5rem 0;white-space:pre-line;max-width:46rem}.lead{font-size:1.1rem}
.note,figcaption,footer,.legend,nav{font-size:.875rem;color:var(--soft)}nav a{color:var(--c0);
margin-right:1.2em}
footer{margin-top:3rem}
.parts{display:grid;gap:1.75rem 2rem;
grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));margin-top:1rem}
.parts>*{min-width:0;max-width:100%}.wide{grid-column:1/-1}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .65rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);
white-space:pre-line;overflow-wrap:normal}
th{border-bottom:2px solid var(--soft);white-space:nowrap}.n{text-align:right;white-space:nowrap}
td:not(.n){min-width:7rem}tbody tr:nth-child(even){background:var(--band)}
figure{margin:0}.plot>svg{display:block;width:100%;max-width:40rem;height:auto}
svg text{fill:var(--soft);font:14px system-ui,sans-serif}.axis{stroke:var(--soft)}
.grid{stroke:var(--line)}
polyline,.legend line{fill:none;stroke:var(--c);stroke-width:2.25;stroke-linejoin:round}
circle{fill:var(--c);stroke:transparent;stroke-width:10}.far{fill:transparent}
.legend{list-style:none;margin:.25rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}
.legend svg{width:34px;height:10px;margin-right:.4em}
.gallery{display:grid;gap:1rem;align-items:start}.gallery img{display:block;max-width:100%;
height:auto;border-radius:3px}
.sharp{image-rendering:pixelated}figcaption{margin-top:.3rem;line-height:1.35;white-space:pre-line}
@media print{body{max-width:none;padding:0;font-size:11pt}h2,h3,caption{break-after:avoid}
nav{display:none}.parts{grid-template-columns:1fr 1fr}
table{font-size:9pt}th,td{padding:.2rem .4rem}
figure,tr,.plot{break-inside:avoid}.scroll{overflow:visible}}
)";

}  // namespace tool
