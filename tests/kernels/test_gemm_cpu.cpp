// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/cpu/gemm.hpp"
#include "vlsm/kernels/cpu/pack_rows.hpp"

// The packed product, in every instruction set of this machine, against plain loops in double.
namespace {

using namespace vlsm::kernels::cpu;

using Floats = std::vector<float>;

Floats uniform(std::ptrdiff_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> number(-1, 1);
  Floats made(static_cast<std::size_t>(count));
  for (float& x : made) x = number(random);
  return made;
}

struct Sizes {
  std::ptrdiff_t rows, columns, inner;
};

/// Where this is, nobody may write; where it is read, a result is wrong.
constexpr float untouched = 1e30f;

/// c [rows, columns and 5 that do not belong to it]; b's panels are 3 rows further apart than they
/// need to be.
Floats product(Sizes const& s, Floats const& a, Floats const& b, Floats const& before, Isa isa) {
  std::ptrdiff_t const all = in_panels(s.columns), c_row = all + 5, b_panel = panel * (s.inner + 3);
  Floats rows(static_cast<std::size_t>(s.rows * in_panels(s.inner)), NAN),
      dense(static_cast<std::size_t>(all * s.inner)),
      panels(static_cast<std::size_t>(all / panel * b_panel), NAN);
  dispatch(PackRows<Operand::fp32>{rows.data(), a.data(), s.inner, s.rows, s.inner, nullptr, isa},
           isa);
  pack_panels(dense.data(), {b.data(), s.columns, 1}, s.inner, s.columns);
  for (std::ptrdiff_t i = 0; i < all / panel; ++i)
    std::copy_n(dense.data() + i * panel * s.inner, panel * s.inner, panels.data() + i * b_panel);
  Floats c(static_cast<std::size_t>(s.rows * c_row), untouched);
  if (!before.empty())
    for (std::ptrdiff_t i = 0; i < s.rows; ++i)
      for (std::ptrdiff_t j = 0; j < all; ++j)
        c[i * c_row + j] = j < s.columns ? before[i * s.columns + j] : 0;
  dispatch(Gemm<>{.c = c.data(),
                  .c_row = c_row,
                  .a = rows.data(),
                  .b = panels.data(),
                  .rows = s.rows,
                  .columns = all,
                  .inner = s.inner,
                  .b_panel = b_panel,
                  .add = !before.empty()},
           isa);
  return c;
}

double worst_error(Sizes const& s, bool add, Isa isa) {
  Floats const a = uniform(s.rows * s.inner, 1), b = uniform(s.inner * s.columns, 2),
               before = add ? uniform(s.rows * s.columns, 3) : Floats();
  Floats const c = product(s, a, b, before, isa);
  std::ptrdiff_t const all = in_panels(s.columns);
  double worst = 0;
  for (std::ptrdiff_t i = 0; i < s.rows; ++i) {
    for (std::ptrdiff_t j = 0; j < s.columns; ++j) {
      double sum = add ? double{before[i * s.columns + j]} : 0;
      for (std::ptrdiff_t k = 0; k < s.inner; ++k)
        sum += double{a[i * s.inner + k]} * double{b[k * s.columns + j]};
      double const error = std::abs(c[i * (all + 5) + j] - sum);
      worst = std::isnan(error) ? INFINITY : std::max(worst, error);
    }
    for (std::ptrdiff_t j = s.columns; j < all + 5; ++j)
      CHECK(c[i * (all + 5) + j] == (j < all ? 0 : untouched));
  }
  return worst / std::sqrt(static_cast<double>(s.inner));
}

TEST_CASE("packed product: every height of a block, columns and inner sizes that fill nothing") {
  for (Isa isa : vlsm::test::instruction_sets()) {
    double worst = 0;
    for (bool add : {false, true}) {
      for (std::ptrdiff_t rows = 1; rows <= 30; ++rows)
        for (Sizes const& s : {Sizes{rows, 16, 1}, Sizes{rows, 33, 16}, Sizes{rows, 79, 37}})
          worst = std::max(worst, worst_error(s, add, isa));
      for (std::ptrdiff_t columns : {1, 15, 17, 48, 64, 65, 130})
        worst = std::max(worst, worst_error({5, columns, 15}, add, isa));
      worst = std::max(worst, worst_error({43, 96, 512}, add, isa));
    }
    CHECK(worst < 3e-6);
    std::printf("packed product, %d lanes: largest error %.2g of sqrt(inner)\n",
                isa == Isa::avx512 ? 16
                : isa == Isa::avx2 ? 8
                                   : 4,
                worst);
  }
}

TEST_CASE("packed product: a row has the same bits among any number of rows, summed in parts too") {
  Sizes const all{29, 70, 48};
  Floats const a = uniform(all.rows * all.inner, 4), b = uniform(all.inner * all.columns, 5);
  for (Isa isa : vlsm::test::instruction_sets()) {
    Floats const together = product(all, a, b, {}, isa);
    std::size_t const c_row = together.size() / 29;
    for (std::ptrdiff_t row = 0; row < all.rows; ++row) {
      Floats const own(a.begin() + row * all.inner, a.begin() + (row + 1) * all.inner);
      Floats const alone = product({1, all.columns, all.inner}, own, b, {}, isa);
      CHECK(std::equal(alone.begin(), alone.end(), together.begin() + row * c_row));
      // The first 20 of the inner dimension, then the others.
      Floats const b1(b.begin(), b.begin() + 20 * all.columns),
          b2(b.begin() + 20 * all.columns, b.end()), a1(own.begin(), own.begin() + 20),
          a2(own.begin() + 20, own.end());
      Floats first = product({1, all.columns, 20}, a1, b1, {}, isa);
      first.resize(static_cast<std::size_t>(all.columns));
      CHECK(product({1, all.columns, 28}, a2, b2, first, isa) == alone);
    }
  }
}

TEST_CASE("packed product: a linear layer's weight") {
  Floats const weight = uniform(3 * 5, 6);  // [out 3, in 5]
  Floats panels(16 * 5, NAN);
  pack_panels(panels.data(), {weight.data(), 1, 5}, 5, 3);
  for (int k = 0; k < 5; ++k)
    for (int o = 0; o < 16; ++o) CHECK(panels[k * 16 + o] == (o < 3 ? weight[o * 5 + k] : 0));
}

}  // namespace
