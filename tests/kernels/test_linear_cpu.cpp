// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/linear/cpu.hpp"
#include "vlsm/kernels/linear/pack_weights.hpp"

// A dense layer by itself, in every instruction set of this machine, against its definition in
// double.
namespace {

using namespace vlsm::kernels;
using Floats = std::vector<float>;
using Index = Linear::Index;
using cpu::Operand;

Floats uniform(Index count, unsigned seed, float most = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> number(-most, most);
  Floats made(static_cast<std::size_t>(count));
  for (float& x : made) x = number(random);
  return made;
}

double exact(Epilogue then, double x) {
  switch (then) {
    case Epilogue::none:
      return x;
    case Epilogue::relu:
      return std::max(x, 0.0);
    case Epilogue::gelu:
      return 0.5 * x * std::erfc(-x * std::sqrt(0.5));
    case Epilogue::swish:
      return x / (1 + std::exp(-x));
  }
  return NAN;
}

constexpr Epilogue all_epilogues[] = {Epilogue::none, Epilogue::relu, Epilogue::gelu,
                                      Epilogue::swish};

/// What a row becomes as factors of a product.
std::vector<double> rounded(float const* row, Index count, Operand operand) {
  std::vector<double> made(row, row + count);
  float most = 0;
  for (Index i = 0; i < count; ++i) most = std::max(most, std::abs(row[i]));
  for (double& x : made) {
    if (operand == Operand::bf16) {
      BFloat16 narrow;
      float wide = static_cast<float>(x);
      cpu::from_floats(&narrow, &wide, 1);
      cpu::to_floats(&wide, &narrow, 1);
      x = wide;
    }
    if (operand == Operand::int8)
      x = std::nearbyint(static_cast<float>(x) * cpu::inverse_of(most / 127)) * double{most / 127};
  }
  return made;
}

constexpr Operand all_operands[] = {Operand::fp32, Operand::bf16, Operand::int8};
constexpr char const* names[] = {"float32", "bfloat16", "bytes"};

/// A layer with numbers; every array is just as long as it must be.
struct Case {
  Index rows, in, out;
  bool residual;
  Operand operand = Operand::fp32;
  Floats x, weight, bias, added;

  Case(Index rows, Index in, Index out, bool residual, Operand operand)
      : rows(rows),
        in(in),
        out(out),
        residual(residual),
        operand(operand),
        x(uniform(rows * in, 1)),
        weight(uniform(out * in, 2, 3 / std::sqrt(static_cast<float>(in)))),
        bias(uniform(out, 3)),
        added(uniform(rows * out, 4)) {}

  Floats run(Epilogue then, cpu::Isa isa, Index threads, Index* tasks = nullptr) const {
    auto const columns = static_cast<std::size_t>(cpu::in_panels(out));
    Floats panels(columns * static_cast<std::size_t>(cpu::words(in, operand)), NAN), whole = bias,
                                                                                     units(columns);
    pack_weights(panels.data(), units.data(), weight.data(), out, in, operand);
    whole.resize(columns);
    Floats y(static_cast<std::size_t>(rows * out), NAN);
    Linear const c{.x = x.data(),
                   .weight = panels.data(),
                   .units = units.data(),
                   .bias = whole.data(),
                   .residual = residual ? added.data() : nullptr,
                   .y = y.data(),
                   .rows = rows,
                   .in = in,
                   .out = out,
                   .operand = operand,
                   .then = then};
    LinearPlan const plan(c, threads);
    if (tasks) *tasks = plan.tasks();
    Floats scratch(static_cast<std::size_t>(plan.scratch()));
    // Tasks may be run in any stretches; what nobody wrote must not be read.
    for (Index last = plan.tasks(); last > 0;) {
      Index const first = std::max<Index>(0, last - 3);
      std::ranges::fill(scratch, NAN);
      run_linear(c, plan, first, last, scratch.data(), isa);
      last = first;
    }
    return y;
  }

  /// The largest error of all results, NaN included.
  double worst_error(Epilogue then, cpu::Isa isa) const {
    Floats const y = run(then, isa, 1);
    double worst = 0;
    for (Index j = 0; j < out; ++j) {
      auto const right = rounded(weight.data() + j * in, in, operand);
      for (Index i = 0; i < rows; ++i) {
        auto const left = rounded(x.data() + i * in, in, operand);
        double sum = double{bias[j]} + (residual ? double{added[i * out + j]} : 0);
        for (Index k = 0; k < in; ++k) sum += left[k] * right[k];
        double const error = std::abs(y[i * out + j] - exact(then, sum));
        worst = std::isnan(error) ? INFINITY : std::max(worst, error);
      }
    }
    return worst;
  }
};

}  // namespace

TEST_CASE("a dense layer: odd sizes, bias, residual and every epilogue") {
  for (auto isa : vlsm::test::instruction_sets())
    for (Operand operand : all_operands) {
      double worst = 0;
      for (bool residual : {false, true})
        for (auto const& [rows, in, out] : {std::array<Index, 3>{1, 1, 1},
                                            {7, 5, 33},
                                            {14, 64, 16},
                                            {15, 100, 130},
                                            {29, 17, 3},
                                            {130, 300, 79}})
          for (Epilogue then : all_epilogues)
            worst = std::max(worst, Case(rows, in, out, residual, operand).worst_error(then, isa));
      std::printf("dense layer of %s, instruction set %d: largest error %.2g\n",
                  names[static_cast<int>(operand)], static_cast<int>(isa), worst);
      CHECK(worst < 4e-6);
    }
}

TEST_CASE("a dense layer: the same bits from any number of threads, each of which has work") {
  for (auto const& [rows, in, out] :
       {std::array<Index, 3>{3, 20, 200}, {61, 40, 17}, {500, 1200, 33}, {113, 7, 96}}) {
    for (Operand operand : all_operands)
      for (auto isa : vlsm::test::instruction_sets()) {
        Case const c(rows, in, out, true, operand);
        Floats const one = c.run(Epilogue::gelu, isa, 1);
        for (Index threads : {2, 3, 5, 16, 64}) {
          Index tasks = 0;
          CHECK(c.run(Epilogue::gelu, isa, threads, &tasks) == one);
          CHECK(tasks >= std::min(threads, (rows + 13) / 14));
        }
      }
  }
}

TEST_CASE("epilogues: large, infinite and missing numbers") {
  constexpr float inf = std::numeric_limits<float>::infinity();
  for (auto isa : vlsm::test::instruction_sets())
    for (float x : {0.0f, -0.0f, 1e-30f, -1e-30f, 3.0f, -3.0f, -20.0f, 88.0f, -88.0f, 1e30f, -1e30f,
                    inf, NAN}) {
      Case c(1, 1, 1, false, Operand::fp32);
      c.x = {x}, c.weight = {1}, c.bias = {0};
      CAPTURE(x);
      for (Epilogue then : all_epilogues) {
        float const y = c.run(then, isa, 1)[0];
        double const right = exact(then, x);
        CHECK(std::isnan(y) == std::isnan(x));
        if (std::isnan(x)) continue;
        if (std::isinf(right))
          CHECK(y == inf);
        else
          CHECK(std::abs(y - right) <= 3e-7 * std::max(1.0, std::abs(right)));
      }
    }
}

TEST_CASE("bytes: zeros, tiny and huge rows, and rows that no byte can hold") {
  for (auto isa : vlsm::test::instruction_sets()) {
    Case c(5, 40, 3, false, Operand::int8);
    std::fill_n(c.x.begin(), 40, 0.0f);
    for (int i = 0; i < 40; ++i) c.x[40 + i] *= 1e-42f, c.x[80 + i] *= 1e30f;
    c.x[3 * 40 + 7] = NAN, c.x[4 * 40 + 39] = std::numeric_limits<float>::infinity();
    Floats y = c.run(Epilogue::none, isa, 1);
    for (int j = 0; j < 3; ++j) {
      CHECK(y[j] == c.bias[j]);
      CHECK(std::abs(y[3 + j] - c.bias[j]) < 1e-30);
      CHECK(std::abs(y[6 + j]) > 1e26f);
      CHECK(std::isnan(y[9 + j]));
      CHECK(std::isnan(y[12 + j]));
    }
    c.weight[40] = NAN;
    y = c.run(Epilogue::none, isa, 1);
    CHECK((!std::isnan(y[0]) && std::isnan(y[1]) && !std::isnan(y[2])));
  }
}
