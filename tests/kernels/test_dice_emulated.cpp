// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstring>

#include "emulation/cuda.hpp"
#include "kernels/plain_dice.hpp"
#include "support/doctest.hpp"
#include "support/own_loss.hpp"
#include "vlsm/kernels/segmentation_loss/launch_loss.cuh"

// The segmentation losses' CUDA kernels, as a GPU runs them, against plain loops in double.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;
using test::DiceProblem;
using test::Mask;

template <class T>
constexpr Element element = std::is_same_v<T, float>      ? Element::f32
                            : std::is_same_v<T, Half>     ? Element::f16
                            : std::is_same_v<T, BFloat16> ? Element::bf16
                                                          : Element::u8;

template <class X>
struct Result {
  std::vector<float> values;
  std::vector<RegionLoss> regions;
  std::vector<X> gradient;
};

/// Forward, and backward from gradients 0.5, 0.75, 1, ... by the values.
template <class X, class Y, class Region, class Term>
Result<X> on_device(DiceProblem<X, Y> const& problem, DiceTotal const& total, Region const& region,
                    Term const& term) {
  std::size_t const groups = static_cast<std::size_t>(total.groups);
  Result<X> result{std::vector<float>(total.each_group ? groups : 1),
                   std::vector<RegionLoss>(groups), std::vector<X>(problem.logits.size())};
  std::vector<DiceSums> workspace(static_cast<std::size_t>(dice_workspace(problem.size)));
  DiceOnDevice const common{problem.size,
                            total,
                            element<X>,
                            element<Y>,
                            problem.logits.data(),
                            problem.target.data(),
                            result.regions.data()};
  launch_loss(DiceForward{common, workspace.data(), result.values.data()}, region, term, nullptr);
  std::vector<float> grad;
  for (std::size_t i = 0; i < result.values.size(); ++i)
    grad.push_back(0.5f + 0.25f * static_cast<float>(i));
  launch_loss(DiceBackward{common, grad.data(), result.gradient.data()}, term, nullptr);
  return result;
}

/// The same by plain loops.
template <class X, class Y, class Region, class Term>
void plain(DiceProblem<X, Y> const& problem, DiceTotal const& loss, Region const& region_loss,
           Term const& term, std::vector<double>& values, std::vector<double>& gradient) {
  std::size_t const planes = static_cast<std::size_t>(problem.size.planes),
                    groups = static_cast<std::size_t>(loss.groups);
  auto const sums = test::plain_dice(problem, term, std::vector<DiceSlopes>(planes)).sums;
  std::vector<DiceSums> of_groups(groups);
  DiceSums all;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    of_groups[plane % groups] += sums[plane];
    all += sums[plane];
  }
  auto const pixels = static_cast<double>(problem.logits.size());
  bool const averaged = loss.mean || loss.each_group;
  double const of_term = loss.term_weight * all.term / (averaged ? pixels : 1);
  double sum = 0, given = 0;
  for (std::size_t group = 0; group < groups; ++group) {
    double const value = loss.region_weight * region_loss(of_groups[group]).value;
    values.push_back(value + of_term);
    sum += value;
    given += 0.5 + 0.25 * static_cast<double>(group);
  }
  if (!loss.each_group) {
    values = {(loss.mean ? sum / static_cast<double>(groups) : sum) + of_term};
    given = 0.5;
  }
  std::vector<DiceSlopes> slopes;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    RegionLoss const region = region_loss(of_groups[plane % groups]);
    double factor = loss.each_group ? 0.5 + 0.25 * static_cast<double>(plane % groups) : 0.5;
    factor *= loss.region_weight / (loss.mean ? static_cast<double>(groups) : 1);
    slopes.push_back({static_cast<float>(factor * region.by_overlap),
                      static_cast<float>(factor * region.by_predicted),
                      static_cast<float>(loss.term_weight * given / (averaged ? pixels : 1))});
  }
  gradient = test::plain_dice(problem, term, slopes).gradient;
}

struct Worst {
  double value = 0, gradient = 0;
};

template <class X, class Y, class Region, class Term>
void compare(DiceProblem<X, Y> const& problem, DiceTotal const& total, Region const& region,
             Term const& term, Worst& worst) {
  Result<X> const actual = on_device(problem, total, region, term);
  std::vector<double> values, gradient;
  plain(problem, total, region, term, values, gradient);
  REQUIRE(actual.values.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double const error =
        std::abs(double{actual.values[i]} - values[i]) / std::max(std::abs(values[i]), 1.0);
    CHECK(error <= 1e-6);
    worst.value = std::max(worst.value, error);
  }
  // A gradient's scale: what underflows in 16 bits is not counted.
  double scale = 0;
  for (double one : gradient) scale = std::max(scale, std::abs(one));
  if (scale < 1e-4 && !std::is_same_v<X, float>) return;
  double const error = test::largest_error(actual.gradient, gradient);
  CHECK(error <= test::rounding<X> + (scale > 1e-20 ? 1e-6 : 1e-5));
  worst.gradient = std::max(worst.gradient, error);
}

template <class X, class Y>
void compare_all(char const* name) {
  Worst worst;
  DiceTotal total;
  int turn = 0;
  auto const with_term = [&](DiceProblem<X, Y> const& problem, auto const& term) {
    // Regions, reductions and groups take turns, so that each meets each size.
    switch (turn % 5) {
      case 0:
        return compare(problem, total, Dice{}, term, worst);
      case 1:
        return compare(problem, total, Jaccard{}, term, worst);
      case 2:
        return compare(problem, total, Tversky{.false_positive = 0.3, .false_negative = 0.7}, term,
                       worst);
      case 3:
        return compare(problem, total, FocalTversky{}, term, worst);
      default:
        return compare(problem, total, test::Marked{}, term, worst);
    }
  };
  for (DiceSizes const size :
       {DiceSizes{1, 1}, {6, 3}, {3, 255}, {2, 1024}, {4, 4096}, {2, 4101}, {2, 9000}})
    for (test::DiceValues const& values : test::dice_values()) {
      INFO(size.planes, " planes of ", size.pixels, " pixels, mask ", static_cast<int>(values.mask),
           ", logits up to ", values.scale);
      DiceProblem<X, Y> const problem(size, values.mask, values.scale);
      total.mean = turn % 3 == 0;
      total.each_group = turn % 3 == 1;
      total.groups = turn % 7 == 0 && size.planes % 2 == 0 ? 2 : size.planes;
      total.region_weight = 0.7, total.term_weight = 0;
      with_term(problem, NoTerm{});
      total.term_weight = 0.2;
      with_term(problem, EntropyOfLogits{});
      with_term(problem, EntropyOfProbabilities{});
      with_term(problem, FocalEntropy{.gamma = 1.5f, .foreground = 0.25f, .background = 0.75f});
      with_term(problem, test::Brier{});
      ++turn;
    }
  std::printf("%s: largest error of a value %.2g, of a gradient %.2g of its largest entry\n", name,
              worst.value, worst.gradient);
}

TEST_CASE("losses on a device: float32") {
  compare_all<float, float>("float32, targets float32");
  compare_all<float, std::uint8_t>("float32, targets uint8");
}
TEST_CASE("losses on a device: float16" * doctest::skip(test::sanitized)) {
  compare_all<Half, float>("float16, targets float32");
  compare_all<Half, std::uint8_t>("float16, targets uint8");
}
TEST_CASE("losses on a device: bfloat16") {
  compare_all<BFloat16, float>("bfloat16, targets float32");
  compare_all<BFloat16, std::uint8_t>("bfloat16, targets uint8");
}

TEST_CASE("losses on a device: the order of threads and blocks changes no bit") {
  DiceProblem<float, float> const problem({3, 9001}, Mask::soft, 4);
  DiceTotal const total{.term_weight = 0.2, .groups = 3};
  auto const with_seed = [&](unsigned seed) {
    emulation::options.seed = seed;
    return on_device(problem, total, FocalTversky{}, EntropyOfLogits{});
  };
  Result<float> const first = with_seed(1);
  for (unsigned seed : {2u, 3u}) {
    Result<float> const again = with_seed(seed);
    CHECK(first.values == again.values);
    CHECK(first.gradient == again.gradient);
  }
}

TEST_CASE("losses on a device: other element types are refused in one line") {
  DiceForward wrong;
  wrong.size = {1, 1};
  wrong.logits_type = Element::u8;
  CHECK_THROWS_WITH_AS(launch_loss(wrong, Dice{}, NoTerm{}, nullptr),
                       "logits that are no floats: segmentation loss: give them as float32, "
                       "float16 or bfloat16",
                       Error);
  wrong.logits_type = Element::f32;
  wrong.target_type = Element::bf16;
  CHECK_THROWS_WITH_AS(launch_loss(wrong, Dice{}, NoTerm{}, nullptr),
                       "a target of 16-bit numbers: segmentation loss: give it as float32, uint8 "
                       "or bool",
                       Error);
}

}  // namespace
