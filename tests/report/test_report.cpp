// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/report/axis.hpp"
#include "vlsm/report/html.hpp"

using namespace vlsm::report;
using vlsm::test::read_file;
using vlsm::test::TempDir;

namespace {

std::size_t count(std::string const& text, std::string const& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
    ++found;
  return found;
}

bool contains(std::string const& text, std::string const& part) { return count(text, part) > 0; }

std::string page_of(std::variant<Table, Plot, BarChart, Gallery> part) {
  return Report("title").add({"section", "", {std::move(part)}}).html();
}

/// What follows `start` up to a quote, at every place.
std::vector<std::string> quoted(std::string const& text, std::string const& start) {
  std::vector<std::string> result;
  for (std::size_t at = 0; (at = text.find(start, at)) != std::string::npos;) {
    at += start.size();
    result.push_back(text.substr(at, text.find('"', at) - at));
  }
  return result;
}

std::string decode_base64(std::string const& text) {
  std::string const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  REQUIRE(text.size() % 4 == 0);
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text.substr(0, text.find('='))) {
    REQUIRE(contains(digits, std::string(1, c)));
    bits = bits << 6 | static_cast<std::uint32_t>(digits.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

vlsm::Image picture(std::size_t height, std::size_t width) {
  vlsm::Image image = vlsm::Image::from_shape({height, width, 3});
  std::uint32_t state = 1;
  for (std::uint8_t& value : image) {
    value = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  }
  return image;
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("report: text is shown verbatim, whatever it holds") {
  CHECK(escape_html("a<b>&\"c\"'") == "a&lt;b&gt;&amp;&quot;c&quot;&#39;");
  CHECK(escape_html("é 漢 😀\n\t") == "é 漢 😀\n\t");
  CHECK(escape_html("\xff|\xc3|\xc0\xaf|\xed\xa0\x80|\x1b") ==
        "\ufffd|\ufffd|\ufffd\ufffd|\ufffd\ufffd\ufffd|\ufffd");
  CHECK(escape_html(std::string("\0", 1)) == "\ufffd");

  std::string const evil = "\"><script>alert('1')</script>\xff";
  Report report(evil, evil);
  report.add(
      {evil,
       evil,
       {Table{evil, {evil}, {{evil, evil}}, evil}, Plot{evil, evil, evil, {{evil, {1}, {2}}}},
        Gallery{evil, {{evil, picture(2, 2)}}}}});
  for (int i = 0; i < 4; ++i) report.add({evil});
  std::string const page = report.html();
  CHECK_FALSE(contains(page, "<script"));
  CHECK_FALSE(contains(page, "\xff"));
  CHECK(count(page, "&lt;script&gt;") >= 15);
}

TEST_CASE("report: the file needs nothing else") {
  Report report("T", "see https://example.org");
  report.add(
      {"S",
       "",
       {Plot{"P", "x", "y", {{"c", {1, 2}, {3, 4}}}}, Gallery{"G", {{"p", picture(2, 2)}}}}});
  std::string const page = report.html();
  CHECK(count(page, "src=") == 1);
  CHECK(count(page, "src=\"data:image/png;base64,") == 1);
  CHECK_FALSE(contains(page, "href="));
  CHECK_FALSE(contains(page, "url("));
  CHECK_FALSE(contains(page, "@import"));
  CHECK_FALSE(contains(page, "<script"));
  CHECK_FALSE(contains(page, "<link"));
}

TEST_CASE("report: a long report lists its sections") {
  Report report("T");
  for (char const* title : {"A", "B", "C"}) report.add({title});
  CHECK_FALSE(contains(report.html(), "<nav>"));
  report.add({"D"});
  for (std::string const& target : quoted(report.html(), "href=\"#")) {
    CHECK(contains(report.html(), "id=\"" + target + "\""));
  }
  CHECK(count(report.html(), "href=\"#") == 4);
}

TEST_CASE("report: tables align numbers and fill short rows") {
  std::string const page =
      page_of(Table{"t", {"name", "dice"}, {{"a", "0.91 ± 0.02"}, {"1 b", "—"}, {"c"}}, "note"});
  CHECK(contains(page, "<th scope=\"col\">name</th><th scope=\"col\" class=\"n\">dice</th>"));
  CHECK(contains(page, "<td>a</td><td class=\"n\">0.91 ± 0.02</td>"));
  CHECK(contains(page, "<td>c</td><td class=\"n\"></td>"));
  CHECK(contains(page_of(Table{}), "<table>"));
}

TEST_CASE("report: a plot has one line a curve, whatever the values") {
  std::vector<Curve> const curves{
      {"plain", {1, 2, 3}, {0.1, 0.5, 0.2}},
      {"gaps", {1, not_a_number, 3, 4}, {not_a_number, 1, infinite, -infinite}},
      {"empty", {}, {}},
      {"one", {2}, {0.3}},
      {"constant", {1, 2}, {0.7, 0.7}},
      {"no x", {}, {1, 2, 3}},
      {"uneven", {1, 2, 3}, {4}},
      {"huge", {0, 1}, {-1e299, 1e299}},
      {"beyond", {0, 1}, {-1.7e308, 1.7e308}},
      {"tiny", {0, 1}, {1e-320, 2e-320}},
      {"close", {0, 1}, {1, 1 + 1e-15}},
      {"long", {}, std::vector<double>(5000, 1e9)}};
  auto const check = [](std::vector<Curve> const& some) {
    std::string const page = page_of(Plot{"p", "x", "y", some});
    CHECK(count(page, "<polyline ") == some.size());
    CHECK(count(page, "</polyline>") == some.size());
    // Numbers only, inside the drawing.
    for (char const* name :
         {" x=\"", " y=\"", " x1=\"", " x2=\"", " y1=\"", " y2=\"", " cx=\"", " cy=\""}) {
      for (std::string const& value : quoted(page, name)) {
        CHECK(value.find_first_not_of("-0123456789.") == std::string::npos);
        CHECK(std::abs(std::stod(value)) <= 520);
      }
    }
    for (std::string const& points : quoted(page, "<polyline points=\"")) {
      CHECK(points.find_first_not_of("0123456789., ") == std::string::npos);
    }
    CHECK(count(page, "<text ") < 40);
    CHECK(count(page, "<circle") <= 201 * some.size());
  };
  for (Curve const& curve : curves) {
    CAPTURE(curve.name);
    check({curve});
  }
  check(curves);
  check({});
}

TEST_CASE("report: axes have round ticks") {
  Axis epochs;
  for (double value : {1.0, 4.0}) epochs.include(value);
  epochs.finish(false);
  CHECK(epochs.ticks() == std::vector<double>{1, 2, 3, 4});
  CHECK(epochs.label(4) == "4");
  CHECK(epochs.share(1) == 0);
  CHECK(epochs.share(4) == 1);

  Axis dice;
  for (double value : {0.13, 0.88}) dice.include(value);
  dice.finish(true);
  std::vector<std::string> labels;
  for (double tick : dice.ticks()) labels.push_back(dice.label(tick));
  CHECK(labels == std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});

  Axis nothing;
  nothing.finish(true);
  CHECK(nothing.ticks().front() == 0);
  CHECK(nothing.ticks().back() == 1);
}

TEST_CASE("report: pictures come back from the page unchanged") {
  // Sizes whose files leave every remainder of three, with and without enlargement.
  for (std::size_t width : {1, 2, 3, 5, 40}) {
    vlsm::Image const image = picture(3, width);
    std::string const page = page_of(Gallery{"g", {{"caption", image, 2}}});
    auto const data = quoted(page, "src=\"data:image/png;base64,");
    REQUIRE(data.size() == 1);
    std::string const png = decode_base64(data[0]);
    vlsm::test::TempDir const folder;
    vlsm::test::write_file(folder / "picture.png", png);
    CHECK(vlsm::read_image(folder / "picture.png") == image);
    CHECK(contains(page, "width=\"" + std::to_string(2 * width) + "\" height=\"6\""));
    CHECK(contains(page, "<figcaption>caption</figcaption>"));
  }
}

TEST_CASE("report: a missing picture leaves its caption, another shape is refused") {
  std::string const page = page_of(Gallery{"g", {{"nothing", {}, 0}}});
  CHECK(contains(page, "nothing"));
  CHECK_FALSE(contains(page, "<img"));
  vlsm::Image const four = vlsm::Image::from_shape({2, 2, 4});
  CHECK_ERROR(page_of(Gallery{"g", {{"four", four}}}), "not RGB");
}

TEST_CASE("report: the file appears whole or not at all") {
  TempDir const folder;
  Report const report = Report("T").add({"S"});
  report.write(folder / "report.html");
  CHECK(read_file(folder / "report.html") == report.html());
  CHECK_ERROR(report.write(folder / "missing/report.html"), "cannot be created");
  CHECK_FALSE(std::filesystem::exists(folder / "missing"));
}

TEST_CASE("bars: what is not finite takes no room, intervals and signs are drawn") {
  double const none = std::numeric_limits<double>::quiet_NaN();
  BarChart const chart{.title = "t",
                       .value_label = "v",
                       .series = {"a", "b"},
                       .groups = {{"first", {{0.5, 0.4, 0.6}, {none, none, none}}},
                                  {"<second>", {{-0.25}, {1e301}}}}};
  std::string const page = page_of(chart);
  CHECK(count(page, "<rect class=\"bar\"") == 2 + 2);  // and the legend's
  CHECK(contains(page, "a, first: 0.5000 (0.4000 to 0.6000)"));
  CHECK(contains(page, "a, &lt;second&gt;: -0.2500<"));
  CHECK(!contains(page, "nan"));
  CHECK(!contains(page, "inf"));
}
