// SPDX-License-Identifier: MIT
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/metrics/hausdorff.hpp"

// Hausdorff distances against MONAI's, and against the definition.
namespace {

using namespace vlsm;
using namespace vlsm::test;

Mask from_runs(std::size_t height, std::size_t width, std::string const& text) {
  Mask mask = Mask::from_shape({height, width});
  auto* out = mask.data();
  std::uint8_t value = 0;
  for (std::string_view const length : strings::split_text(text, ",")) {
    auto const count = std::stoull(std::string(length));
    REQUIRE(out + count <= mask.data() + mask.size());
    out = std::fill_n(out, count, value);
    value = value == 0 ? 255 : 0;
  }
  REQUIRE(out == mask.data() + mask.size());
  return mask;
}

Mask random_mask(std::size_t height, std::size_t width, unsigned share, unsigned& state) {
  Mask mask = Mask::from_shape({height, width});
  for (std::uint8_t& level : mask) {
    state = state * 1664525u + 1013904223u;
    level = (state >> 24) < share ? 255 : 0;
  }
  return mask;
}

/// Of every pixel of one object that is an edge the smallest distance, by looking at all pairs.
double by_definition(Mask const& a, Mask const& b) {
  auto const edge = [](Mask const& mask, std::size_t y, std::size_t x) {
    if (mask(y, x) < 128) return false;
    return y == 0 || x == 0 || y + 1 == mask.shape(0) || x + 1 == mask.shape(1) ||
           mask(y - 1, x) < 128 || mask(y + 1, x) < 128 || mask(y, x - 1) < 128 ||
           mask(y, x + 1) < 128;
  };
  double largest = 0;
  for (auto const& [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}})
    for (std::size_t y = 0; y < a.shape(0); ++y)
      for (std::size_t x = 0; x < a.shape(1); ++x) {
        if (!edge(*from, y, x)) continue;
        double nearest = 1e300;
        for (std::size_t v = 0; v < a.shape(0); ++v)
          for (std::size_t u = 0; u < a.shape(1); ++u)
            if (edge(*to, v, u))
              nearest =
                  std::min(nearest, std::hypot(static_cast<double>(y) - static_cast<double>(v),
                                               static_cast<double>(x) - static_cast<double>(u)));
        largest = std::max(largest, nearest);
      }
  return largest;
}

}  // namespace

TEST_CASE("Hausdorff distances equal MONAI's") {
  auto const path = fixture("metrics/hausdorff.txt");
  VLSM_NEEDS(path, "metrics/hausdorff.txt");
  std::ifstream in(*path);
  std::string line;
  std::getline(in, line);  // versions
  double worst = 0;
  std::size_t cases = 0, none = 0;
  for (; std::getline(in, line); ++cases) {
    std::istringstream words(line);
    std::string name, prediction, target, stored;
    std::size_t height = 0, width = 0;
    double percentile = 0;
    words >> name >> height >> width >> percentile >> prediction >> target >> stored;
    INFO(name, " ", height, " x ", width, ", percentile ", percentile);
    double const distance = hausdorff_distance(from_runs(height, width, prediction),
                                               from_runs(height, width, target), percentile);
    double const expected = std::stod(stored);
    CHECK(std::isnan(distance) == std::isnan(expected));
    if (std::isnan(expected)) {
      ++none;
      continue;
    }
    CHECK(std::abs(distance - expected) <= 1e-5);
    worst = std::max(worst, std::abs(distance - expected));
  }
  std::printf("%zu distances, %zu of them NaN: largest error %.2g\n", cases, none, worst);
  CHECK(cases > 100);
  CHECK(none > 10);
}

TEST_CASE("the 100th percentile is the distance by definition") {
  unsigned state = 7;
  for (auto const& [height, width] : {std::pair{13u, 17u}, {1u, 40u}, {40u, 1u}, {9u, 30u}})
    for (unsigned share : {8u, 60u, 128u, 250u}) {
      Mask a = random_mask(height, width, share, state), b = random_mask(height, width, 20, state);
      a(0, 0) = b(height - 1, width - 1) = 255;
      CHECK(hausdorff_distance(a, b, 100) == doctest::Approx(by_definition(a, b)).epsilon(1e-6));
      CHECK(hausdorff_distance(b, a) == hausdorff_distance(a, b));
      CHECK(hausdorff_distance(a, a) == 0);
    }
}

TEST_CASE("an object is made of the levels from 128 on") {
  Mask a = Mask::from_shape({3, 9}), b = a;
  a.fill(127);
  b.fill(0);
  b(1, 1) = 128;
  CHECK(std::isnan(hausdorff_distance(a, b)));
  CHECK(std::isnan(hausdorff_distance(b, a)));
  CHECK(std::isnan(hausdorff_distance(a, a)));
  a(1, 8) = 255;
  CHECK(hausdorff_distance(a, b) == 7);
  Mask const nothing = Mask::from_shape({0, 0});
  CHECK(std::isnan(hausdorff_distance(nothing, nothing)));
}

TEST_CASE("masks of two sizes and percentiles that are none are refused") {
  Mask const a = Mask::from_shape({3, 9}), b = Mask::from_shape({9, 3});
  CHECK(says(error_of([&] { return hausdorff_distance(a, b); }), "[3, 9] against [9, 3]"));
  CHECK(says(error_of([&] { return hausdorff_distance(a, a, 101); }), "percentile"));
  CHECK(says(error_of([&] { return hausdorff_distance(a, a, std::nan("")); }), "percentile"));
}
