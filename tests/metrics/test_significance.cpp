// SPDX-License-Identifier: MIT
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/metrics/significance.hpp"

namespace {

using namespace vlsm;
using namespace vlsm::test;

double const no_number = std::nan(""), infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("Wilcoxon's signed-rank test equals SciPy's") {
  auto const path = fixture("metrics/wilcoxon.txt");
  VLSM_NEEDS(path, "metrics/wilcoxon.txt");
  std::ifstream in(*path);
  std::string line;
  std::getline(in, line);  // version
  std::size_t cases = 0, exact = 0;
  double worst = 0;
  for (double statistic = 0, p = 0; std::getline(in, line); ++cases) {
    std::istringstream(line) >> statistic >> p;
    std::getline(in, line);
    std::istringstream words(line);
    std::vector<double> differences;
    for (std::string word; words >> word;) differences.push_back(std::stod(word));
    INFO(line);
    std::vector<double> const zeros(differences.size());
    SignedRank const test = wilcoxon_signed_rank(differences, zeros);
    CHECK(test.statistic == statistic);
    CHECK(std::abs(test.p - p) <= 1e-10);
    CHECK(wilcoxon_signed_rank(zeros, differences).p == doctest::Approx(test.p).epsilon(1e-12));
    worst = std::max(worst, std::abs(test.p - p));
    exact += test.exact;
  }
  std::printf("%zu tests, %zu of them exact: largest error of p %.2g\n", cases, exact, worst);
  CHECK(cases > 100);
  CHECK(exact > 20);
  CHECK(exact < cases - 20);
}

TEST_CASE("without pairs that differ nothing is significant") {
  std::vector<double> const none, equal(20, 0.5), unknown(20, no_number);
  for (auto const* scores : {&none, &equal, &unknown}) {
    SignedRank const test =
        wilcoxon_signed_rank(*scores, equal.size() == scores->size() ? equal : none);
    CHECK(test.p == 1);
    CHECK(test.count == 0);
  }
  CHECK(says(error_of([&] { return wilcoxon_signed_rank(none, equal); }), "0 against 20"));
}

TEST_CASE("a bootstrap interval holds the mean, and the same seed gives the same one") {
  std::vector<double> scores(200);
  std::iota(scores.begin(), scores.end(), 0.0);
  Interval const first = bootstrap_mean(scores), again = bootstrap_mean(scores);
  CHECK(first.mean == 99.5);
  CHECK(first.count == 200);
  CHECK(first.low == again.low);
  CHECK(first.high == again.high);
  CHECK(bootstrap_mean(scores, {.seed = 1}).low != first.low);
  // The deviation of the mean of 200 is 57.73 / sqrt(200) = 4.08.
  CHECK(first.low == doctest::Approx(99.5 - 1.96 * 4.08).epsilon(0.005));
  CHECK(first.high == doctest::Approx(99.5 + 1.96 * 4.08).epsilon(0.005));
  Interval const narrow = bootstrap_mean(scores, {.confidence = 0.5});
  CHECK(narrow.high == doctest::Approx(99.5 + 0.6745 * 4.08).epsilon(0.005));
  // The generator of the standard, drawn by hand: 8, 8, 8 and 2 in some order.
  CHECK(bootstrap_mean(std::vector<double>{1, 2, 4, 8}, {.resamples = 1, .seed = 3}).low == 6.5);
}

TEST_CASE("an interval of one value, of none, and of some that are no numbers") {
  Interval const one = bootstrap_mean(std::vector<double>{0.25, no_number, infinity, -infinity});
  CHECK(one.count == 1);
  CHECK(one.mean == 0.25);
  CHECK(one.low == 0.25);
  CHECK(one.high == 0.25);
  for (auto const& values : {std::vector<double>{}, std::vector<double>{no_number, infinity}}) {
    Interval const none = bootstrap_mean(values);
    CHECK(none.count == 0);
    CHECK(std::isnan(none.mean));
    CHECK(std::isnan(none.low));
    CHECK(std::isnan(none.high));
  }
  std::vector<double> const values{1};
  CHECK(says(error_of([&] { return bootstrap_mean(values, {.resamples = 0}); }), "resamples"));
  for (double confidence : {0.0, 1.0, no_number})
    CHECK(says(error_of([&] { return bootstrap_mean(values, {.confidence = confidence}); }),
               "confidence"));
}

TEST_CASE("a difference is drawn by pairs") {
  // Examples differ much, the two models by 1 on each: no chance is in the difference.
  std::vector<double> first, second;
  for (int i = 0; i < 50; ++i) {
    second.push_back(i * 10);
    first.push_back(second.back() + 1);
  }
  first.push_back(no_number), second.push_back(3);
  first.push_back(infinity), second.push_back(infinity);
  Interval const both = bootstrap_difference(first, second);
  CHECK(both.count == 50);
  CHECK(both.mean == 1);
  CHECK(both.low == 1);
  CHECK(both.high == 1);
  second.pop_back();
  CHECK(says(error_of([&] { return bootstrap_difference(first, second); }), "no pairs"));
}

TEST_CASE("Holm's correction") {
  auto const same = [](std::vector<double> const& p, std::vector<double> const& expected) {
    auto const corrected = holm(p);
    REQUIRE(corrected.size() == expected.size());
    for (std::size_t i = 0; i < p.size(); ++i)
      CHECK((corrected[i] == doctest::Approx(expected[i]) ||
             (std::isnan(corrected[i]) && std::isnan(expected[i]))));
  };
  // statsmodels' multipletests(p, method="holm")
  same({0.01, 0.04, 0.03, 0.005}, {0.03, 0.06, 0.06, 0.02});
  same({0.9, 0.5, 0.5}, {1, 1, 1});
  same({0.04}, {0.04});
  same({}, {});
  same({0.01, no_number, 0.04}, {0.02, no_number, 0.04});
  same({no_number}, {no_number});
  same({0, 0, 1}, {0, 0, 1});
  CHECK(says(error_of([] { return holm(std::vector<double>{0.5, 1.5}); }), "1.5"));
  CHECK(says(error_of([] { return holm(std::vector<double>{-0.1}); }), "-0.1"));
}
