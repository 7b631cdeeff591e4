// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "kernels/plain_dice.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/segmentation_loss/cpu.hpp"

// Sums and gradients of the segmentation losses against plain loops in double.
namespace {

using namespace vlsm;
using namespace vlsm::kernels;
using cpu::Isa;
using test::Mask;

/// Runs a task's chunks in `threads` threads.
template <class Task>
void in_threads(Task const& task, int threads, Isa isa) {
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i)
    pool.emplace_back(
        [&, i] { task.run(task.chunks() * i / threads, task.chunks() * (i + 1) / threads, isa); });
  for (std::thread& thread : pool) thread.join();
}

template <class Term, class X, class Y>
struct Result {
  std::vector<DiceSums> sums;
  std::vector<X> gradient;

  Result(test::DiceProblem<X, Y> const& problem, Term const& term,
         std::vector<DiceSlopes> const& slopes, int threads, Isa isa)
      : sums(static_cast<std::size_t>(problem.size.chunks())), gradient(problem.logits.size()) {
    DiceSizes const size = problem.size;
    X const* x = problem.logits.data();
    Y const* t = problem.target.data();
    in_threads(cpu::SumsTask<Term, X, Y>{size, term, x, t, sums.data()}, threads, isa);
    in_threads(cpu::GradientTask<Term, X, Y>{size, term, x, t, gradient.data(), slopes.data()},
               threads, isa);
  }

  bool same_bits(Result const& other) const {
    return std::memcmp(sums.data(), other.sums.data(), sums.size() * sizeof(DiceSums)) == 0 &&
           std::memcmp(gradient.data(), other.gradient.data(), gradient.size() * sizeof(X)) == 0;
  }
};

struct Worst {
  double sum = 0, gradient = 0;
};

/// The largest errors over instruction sets; thread counts must not change a bit.
template <class X, class Y, class Term>
void compare(test::DiceProblem<X, Y> const& problem, Term const& term, Worst& worst) {
  std::vector<DiceSlopes> slopes;
  for (std::ptrdiff_t plane = 0; plane < problem.size.planes; ++plane)
    slopes.push_back({-0.5f - 0.25f * static_cast<float>(plane % 3), 0.125f, 0.75f});
  test::PlainDice const expected = test::plain_dice(problem, term, slopes);
  for (Isa isa : test::instruction_sets()) {
    Result<Term, X, Y> const result(problem, term, slopes, 1, isa);
    for (int threads : {2, 3})
      CHECK(result.same_bits(Result<Term, X, Y>(problem, term, slopes, threads, isa)));
    std::ptrdiff_t const each = problem.size.chunks_of_plane();
    for (std::ptrdiff_t plane = 0; plane < problem.size.planes; ++plane) {
      DiceSums sums;
      for (std::ptrdiff_t i = 0; i < each; ++i)
        sums += result.sums[static_cast<std::size_t>(plane * each + i)];
      double const error =
          test::largest_error(sums, expected.sums[static_cast<std::size_t>(plane)]);
      worst.sum = std::max(worst.sum, error);
      // Of few pixels the sum may be that of tiny probabilities, e^-80 and the like.
      CHECK(error <= (problem.size.pixels < 256 ? 5e-6 : 2e-7));
    }
    double const error = test::largest_error(result.gradient, expected.gradient);
    worst.gradient = std::max(worst.gradient, error);
    CHECK(error <= test::rounding<X> + (problem.size.pixels < 256 ? 5e-6 : 1e-6));
  }
}

template <class X, class Y>
void compare_all(char const* name) {
  Worst worst;
  for (DiceSizes const size : {DiceSizes{1, 1},
                               {3, 1},
                               {2, 15},
                               {1, 16},
                               {5, 99},
                               {2, 256},
                               {1, 1000},
                               {2, 16384},
                               {1, 16385},
                               {3, 40001}})
    for (test::DiceValues const& values : test::dice_values()) {
      INFO(size.planes, " planes of ", size.pixels, " pixels, mask ", static_cast<int>(values.mask),
           ", logits up to ", values.scale);
      test::DiceProblem<X, Y> const problem(size, values.mask, values.scale);
      compare(problem, NoTerm{}, worst);
      compare(problem, EntropyOfLogits{}, worst);
      compare(problem, EntropyOfProbabilities{}, worst);
      compare(problem, FocalEntropy{}, worst);
      compare(problem, FocalEntropy{.gamma = 1.5f, .foreground = 0.25f, .background = 0.75f},
              worst);
    }
  std::printf("%s: largest error of a sum %.2g relative, of a gradient %.2g of its largest entry\n",
              name, worst.sum, worst.gradient);
}

TEST_CASE("sums and gradients of float32 equal plain loops in double") {
  compare_all<float, float>("float32, targets float32");
  compare_all<float, std::uint8_t>("float32, targets uint8");
}

TEST_CASE("sums and gradients of 16-bit logits equal plain loops in double") {
  compare_all<Half, float>("float16, targets float32");
  compare_all<Half, std::uint8_t>("float16, targets uint8");
  compare_all<BFloat16, float>("bfloat16, targets float32");
  compare_all<BFloat16, std::uint8_t>("bfloat16, targets uint8");
}

/// halves -> floats (where there are any), floats -> back.
struct ThereAndBack {
  std::vector<Half> const& halves;
  std::vector<float>& floats;
  std::vector<Half>& back;

  template <int>
  VLSM_ALWAYS_INLINE void operator()() const {
    cpu::to_floats(floats.data(), halves.data(), static_cast<std::ptrdiff_t>(halves.size()));
    cpu::from_floats(back.data(), floats.data(), static_cast<std::ptrdiff_t>(floats.size()));
  }
};

TEST_CASE("16-bit numbers become floats and come back") {
  for (Isa isa : test::instruction_sets()) {
    std::vector<Half> halves(65536), back(65536);
    for (std::uint32_t i = 0; i < 65536; ++i) halves[i].bits = static_cast<std::uint16_t>(i);
    std::vector<float> floats(65536);
    int wrong = 0;
    cpu::dispatch(ThereAndBack{halves, floats, back}, isa);
    for (std::uint32_t i = 0; i < 65536; ++i)
      wrong += std::isnan(floats[i]) ? (back[i].bits & 0x7fffu) <= 0x7c00u
                                     : back[i].bits != i || floats[i] != to_float(halves[i]);
    CHECK(wrong == 0);
    // Halfway cases go to the even neighbor; what is too large becomes infinite.
    std::vector<float> between{1.00048828125f, 1.00146484375f, 65519.0f, 65520.0f, 3e-8f, -2e-8f};
    std::vector<Half> rounded(between.size());
    cpu::dispatch(ThereAndBack{{}, between, rounded}, isa);
    std::vector<int> bits;
    for (Half half : rounded) bits.push_back(half.bits);
    CHECK(bits == std::vector<int>{0x3c00, 0x3c02, 0x7bff, 0x7c00, 0x0001, 0x8000});
  }
}

/// The value of a loss in double, as plain formulas of the sums.
template <class Region>
double value_of(Region const& region, DiceSums const& sums) {
  return region(sums).value;
}

template <class Region>
void check_slopes(Region const& region) {
  for (DiceSums const sums : {DiceSums{30, 50, 40, 0}, {0, 1e-3, 0, 0}, {0.2, 0.3, 1, 0}}) {
    double const step = 1e-7;
    auto const moved = [&](double overlap, double predicted) {
      return value_of(region, {sums.overlap + overlap, sums.predicted + predicted, sums.wanted, 0});
    };
    RegionLoss const loss = region(sums);
    double const by_overlap = (moved(step, 0) - moved(-step, 0)) / (2 * step);
    double const by_predicted = (moved(0, step) - moved(0, -step)) / (2 * step);
    CHECK(loss.by_overlap == doctest::Approx(by_overlap).epsilon(1e-4));
    CHECK(loss.by_predicted == doctest::Approx(by_predicted).epsilon(1e-4));
  }
}

TEST_CASE("the regions' slopes are their derivatives") {
  check_slopes(Dice{.smooth_numerator = 0.1, .smooth_denominator = 0.2});
  check_slopes(Jaccard{.smooth_numerator = 0.1, .smooth_denominator = 0.2});
  check_slopes(Tversky{.false_positive = 0.3, .false_negative = 0.7, .smooth_numerator = 0.1});
  check_slopes(FocalTversky{.tversky = {.smooth_denominator = 0.2}, .exponent = 0.75});
}

TEST_CASE("a loss of 0 has no slope in focal Tversky") {
  RegionLoss const loss = FocalTversky{.exponent = 0.5}({10, 10, 10, 0});
  CHECK(loss.value == 0);
  CHECK(loss.by_overlap == 0);
}

TEST_CASE("Dice of sums: the formulas written out") {
  DiceSums const s{30, 50, 40, 0};
  CHECK(Dice{0, 0}(s).value == doctest::Approx(1 - 60.0 / 90));
  CHECK(Jaccard{0, 0}(s).value == doctest::Approx(1 - 30.0 / 60));
  CHECK(Tversky{0.5, 0.5, 0, 0}(s).value == doctest::Approx(1 - 60.0 / 90));
  CHECK(Tversky{1, 1, 0, 0}(s).value == doctest::Approx(1 - 30.0 / 60));
  CHECK(Tversky{0.25, 0.5, 0, 0}(s).value == doctest::Approx(1 - 30.0 / (30 + 5 + 5)));
  CHECK(FocalTversky{{1, 1, 0, 0}, 2}(s).value == doctest::Approx(0.25));
}

TEST_CASE("planes of one channel are summed over the batch") {
  DiceSizes const size{4, 2};
  std::vector<DiceSums> const chunks{{1, 2, 2, 5}, {2, 3, 2, 6}, {3, 4, 4, 7}, {0, 1, 0, 8}};
  std::vector<RegionLoss> losses(2);
  double const term = DiceFinish<Dice>{size, Dice{0, 0}, 2}.run(chunks.data(), losses.data());
  CHECK(term == 26);
  CHECK(losses[0].value == doctest::Approx(1 - 8.0 / 12));
  CHECK(losses[1].value == doctest::Approx(1 - 4.0 / 6));
}

}  // namespace
