// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/attention/cpu/rounded.hpp"

// The attention with rounded factors, in every instruction set of this machine, against its
// definition in double.
namespace {

using namespace vlsm::kernels;
using Floats = std::vector<float>;

Floats normal(std::ptrdiff_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> number;
  Floats made(static_cast<std::size_t>(count));
  for (float& x : made) x = number(random);
  return made;
}

double rounded(float x) {
  BFloat16 narrow;
  cpu::from_floats(&narrow, &x, 1);
  cpu::to_floats(&x, &narrow, 1);
  return x;
}

/// Queries, keys and values side by side, as a common product writes them.
struct Case {
  int queries, keys, dim;
  Floats all;
  cpu::AttentionForward<float> a;

  Case(int batch, int heads, int queries, int keys, int dim)
      : queries(queries), keys(keys), dim(dim) {
    int const rows = std::max(queries, keys), row = 3 * heads * dim;
    all = normal(std::ptrdiff_t{batch} * rows * row, 1);
    a.batch = batch, a.queries = queries, a.keys = keys, a.heads = heads, a.dim = dim;
    a.scale = 1 / std::sqrt(static_cast<double>(dim));
    auto const view = [&](int which) {
      return cpu::Rows<float const>{all.data() + which * heads * dim, std::ptrdiff_t{rows} * row,
                                    row, dim};
    };
    a.q = view(0), a.k = view(1), a.v = view(2);
  }

  /// [batch, queries, heads, dim], in stretches of `each` queries.
  Floats run(cpu::Isa isa, int each) {
    Floats out(static_cast<std::size_t>(a.batch * queries * a.heads * dim), NAN);
    a.out = {out.data(), std::ptrdiff_t{queries} * a.heads * dim, std::ptrdiff_t{a.heads} * dim,
             dim};
    Floats scratch(static_cast<std::size_t>(cpu::RoundedAttentionScratch(a).all));
    for (int b = 0; b < a.batch; ++b)
      for (int h = 0; h < a.heads; ++h)
        for (int first = 0; first < queries; first += each) {
          std::ranges::fill(scratch, NAN);
          cpu::rounded_attention(a, b, h, first, std::min(first + each, queries), scratch.data(),
                                 isa);
        }
    return out;
  }

  /// The largest error against the definition with rounded queries, keys and values. Weights are
  /// rounded, too: each by at most 1/512 of itself.
  double worst_error(cpu::Isa isa) {
    Floats const out = run(isa, queries);
    double worst = 0;
    for (int b = 0; b < a.batch; ++b)
      for (int i = 0; i < queries; ++i)
        for (int h = 0; h < a.heads; ++h) {
          std::vector<double> weights(static_cast<std::size_t>(keys));
          double sum = 0;
          for (int key = 0; key < keys; ++key) {
            double score = 0;
            for (int d = 0; d < dim; ++d)
              score += rounded(a.q.at(b, i, h)[d]) * rounded(a.k.at(b, key, h)[d]);
            sum += weights[key] = std::exp(score * a.scale);
          }
          for (int d = 0; d < dim; ++d) {
            double mixed = 0;
            for (int key = 0; key < keys; ++key)
              mixed += weights[key] / sum * rounded(a.v.at(b, key, h)[d]);
            double const error = std::abs(a.out.at(b, i, h)[d] - mixed);
            worst = std::isnan(error) ? INFINITY : std::max(worst, error);
          }
        }
    (void)out;
    return worst;
  }
};

constexpr std::array<int, 5> shapes[] = {{1, 2, 70, 65, 64},
                                         {2, 3, 33, 5, 7},
                                         {1, 1, 1, 1, 1},
                                         {1, 2, 31, 130, 80},
                                         {2, 1, 100, 32, 16}};

}  // namespace

TEST_CASE("attention with rounded factors: odd numbers of queries, keys and channels") {
  for (auto isa : vlsm::test::instruction_sets()) {
    double worst = 0;
    for (auto const& [batch, heads, queries, keys, dim] : shapes)
      worst = std::max(worst, Case(batch, heads, queries, keys, dim).worst_error(isa));
    std::printf("rounded attention, instruction set %d: largest error %.2g\n",
                static_cast<int>(isa), worst);
    CHECK(worst < 6e-3);
  }
}

TEST_CASE("attention with rounded factors: the same bits however the queries are cut") {
  for (auto isa : vlsm::test::instruction_sets())
    for (auto const& [batch, heads, queries, keys, dim] : shapes) {
      Case c(batch, heads, queries, keys, dim);
      Floats const whole = c.run(isa, queries);
      for (int each : {32, 64}) CHECK(c.run(isa, each) == whole);
    }
}

TEST_CASE("attention with rounded factors: scores far beyond what an exponential holds, and NaN") {
  for (auto isa : vlsm::test::instruction_sets()) {
    Case c(1, 1, 40, 40, 16);
    for (float& x : c.all) x *= 1e4f;
    for (float x : c.run(isa, 40)) REQUIRE(std::isfinite(x));
    c.all[3 * 48 + 5] = NAN;  // in a query
    Floats const out = c.run(isa, 40);
    for (int i = 0; i < 40; ++i) CHECK(std::isnan(out[i * 16]) == (i == 3));
  }
}
