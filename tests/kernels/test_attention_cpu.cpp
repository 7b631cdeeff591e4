// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/attention/cpu/backward.hpp"
#include "vlsm/kernels/attention/cpu/forward.hpp"

// The CPU kernels by themselves, in every instruction set that this machine has, against plain
// loops in double.
namespace {

using namespace vlsm::kernels::cpu;

struct Sizes {
  int batch, queries, keys, heads, dim;
};

template <class T>
using Values = std::vector<T>;

template <class T>
Rows<T> rows_of(T* data, int rows, Sizes const& s) {
  return {data, std::ptrdiff_t{rows} * s.heads * s.dim, std::ptrdiff_t{s.heads} * s.dim, s.dim};
}

/// Forward and backward of one instruction set.
template <class T>
struct Results {
  Values<T> out, lse, grad_q, grad_k, grad_v;
};

template <class T>
Results<T> run(Sizes const& s, Values<T> const& q, Values<T> const& k, Values<T> const& v,
               Values<T> const& grad, Isa isa) {
  Results<T> made{Values<T>(q.size()), Values<T>(std::size_t(s.batch * s.heads * s.queries)),
                  Values<T>(q.size()), Values<T>(k.size()), Values<T>(k.size())};
  AttentionSizes const sizes{.batch = s.batch,
                             .queries = s.queries,
                             .keys = s.keys,
                             .heads = s.heads,
                             .dim = s.dim,
                             .lengths = nullptr,
                             .scale = 1 / std::sqrt(s.dim),
                             .dropout = {}};
  AttentionForward<T> const forward{sizes,
                                    rows_of(q.data(), s.queries, s),
                                    rows_of(k.data(), s.keys, s),
                                    rows_of(v.data(), s.keys, s),
                                    rows_of(made.out.data(), s.queries, s),
                                    made.lse.data()};
  AttentionBackward<T> const backward{sizes,
                                      rows_of(q.data(), s.queries, s),
                                      rows_of(k.data(), s.keys, s),
                                      rows_of(v.data(), s.keys, s),
                                      rows_of(grad.data(), s.queries, s),
                                      rows_of(made.grad_q.data(), s.queries, s),
                                      made.grad_k.data(),
                                      made.grad_v.data()};
  std::size_t const bytes = (attention_scratch(sizes) * sizeof(T) + 63) / 64 * 64;
  std::unique_ptr<T, void (*)(void*)> const scratch(static_cast<T*>(std::aligned_alloc(64, bytes)),
                                                    std::free);
  for (int b = 0; b < s.batch; ++b)
    for (int h = 0; h < s.heads; ++h) {
      dispatch(ForwardRows<T>{forward, b, h, 0, s.queries, scratch.get()}, isa);
      dispatch(BackwardRows<T>{backward, b, h, 0, s.queries, 0, scratch.get()}, isa);
    }
  return made;
}

double largest_difference(Values<float> const& a, Values<double> const& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

/// The definition, a head at a time.
Results<double> exact(Sizes const& s, Values<float> const& q, Values<float> const& k,
                      Values<float> const& v, Values<float> const& grad) {
  Results<double> made{
      Values<double>(q.size()), Values<double>(std::size_t(s.batch * s.heads * s.queries)),
      Values<double>(q.size()), Values<double>(k.size()), Values<double>(k.size())};
  auto const at = [&](int b, int row, int rows, int h, int d) {
    return std::size_t(((b * rows + row) * s.heads + h) * s.dim + d);
  };
  double const scale = 1 / std::sqrt(s.dim);
  for (int b = 0; b < s.batch; ++b)
    for (int h = 0; h < s.heads; ++h)
      for (int i = 0; i < s.queries; ++i) {
        Values<double> p(std::size_t(s.keys)), dp(std::size_t(s.keys));
        double sum = 0, delta = 0;
        for (int j = 0; j < s.keys; ++j) {
          auto& score = p[std::size_t(j)];
          for (int d = 0; d < s.dim; ++d) {
            score += double(q[at(b, i, s.queries, h, d)]) * k[at(b, j, s.keys, h, d)] * scale;
            dp[std::size_t(j)] +=
                double(grad[at(b, i, s.queries, h, d)]) * v[at(b, j, s.keys, h, d)];
          }
          sum += score = std::exp(score);
        }
        made.lse[std::size_t((b * s.heads + h) * s.queries + i)] = std::log(sum);
        for (std::size_t j = 0; j < p.size(); ++j) delta += (p[j] /= sum) * dp[j];
        for (int j = 0; j < s.keys; ++j)
          for (int d = 0; d < s.dim; ++d) {
            double const weight = p[std::size_t(j)],
                         ds = weight * (dp[std::size_t(j)] - delta) * scale;
            std::size_t const query = at(b, i, s.queries, h, d), key = at(b, j, s.keys, h, d),
                              dense = std::size_t(((b * s.heads + h) * s.keys + j) * s.dim + d);
            made.out[query] += weight * v[key];
            made.grad_q[query] += ds * k[key];
            made.grad_k[dense] += ds * q[query];
            made.grad_v[dense] += weight * grad[query];
          }
      }
  return made;
}

}  // namespace

TEST_CASE("attention on the CPU: every instruction set of this machine against double") {
  double worst = 0;
  int sets = 0;
  for (Isa isa : vlsm::test::instruction_sets()) {
    ++sets;
    for (Sizes const& s : {Sizes{1, 1, 1, 1, 1},
                           {2, 19, 7, 3, 20},
                           {1, 99, 77, 2, 64},
                           {1, 33, 130, 1, 128},
                           {1, 40, 17, 2, 80},
                           {3, 5, 3, 1, 5}}) {
      std::mt19937 random(1);
      std::normal_distribution<float> normal;
      auto const made = [&](int rows) {
        Values<float> values(std::size_t(s.batch * rows * s.heads * s.dim));
        for (float& value : values) value = normal(random);
        return values;
      };
      auto const q = made(s.queries), k = made(s.keys), v = made(s.keys), grad = made(s.queries);
      auto const found = run(s, q, k, v, grad, isa);
      auto const expected = exact(s, q, k, v, grad);
      double const error = std::max({largest_difference(found.out, expected.out),
                                     largest_difference(found.lse, expected.lse),
                                     largest_difference(found.grad_q, expected.grad_q),
                                     largest_difference(found.grad_k, expected.grad_k),
                                     largest_difference(found.grad_v, expected.grad_v)});
      INFO("instruction set ", int(isa), ", ", s.queries, " queries, ", s.keys, " keys, dim ",
           s.dim);
      CHECK(error < 1e-5);
      worst = std::max(worst, error);
    }
  }
  std::printf("attention in %d instruction sets: largest error %.2g\n", sets, worst);
}

TEST_CASE("attention on the CPU: powers of two to the last digits") {
  double worst = 0;
  for (double x = -126; x <= 10; x += 0.0137) {
    float values[4] = {float(x), float(x), float(x), float(x)};
    using V = Lanes<float, 16>::Vector;
    V vector;
    std::memcpy(&vector, values, sizeof vector);
    exp2_of<float, 16>(vector);
    worst = std::max(worst, std::abs(vector[0] / std::exp2(double(values[0])) - 1));
  }
  CHECK(worst < 1.2e-7);
  using V = Lanes<float, 16>::Vector;
  V edges = {-1e30f, -INFINITY, NAN, 0};
  exp2_of<float, 16>(edges);
  CHECK(float(edges[0]) <= 1.2e-38f);
  CHECK(float(edges[1]) <= 1.2e-38f);
  CHECK(std::isnan(edges[2]));
  CHECK(float(edges[3]) == 1);
}
