// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/convolution/cpu.hpp"
#include "vlsm/kernels/convolution/pack.hpp"

// Winograd's convolution by itself, in every instruction set of this machine, against the sum of
// its definition in double.
namespace {

using namespace vlsm::kernels;
using winograd::Index;

using Floats = std::vector<float>;

Floats normal(Index count, double deviation = 1) {
  static std::mt19937 random(7);
  std::normal_distribution<float> number(0, static_cast<float>(deviation));
  Floats made(static_cast<std::size_t>(count));
  for (float& x : made) x = number(random);
  return made;
}

struct Read {
  Index channels;
  Index upsample = 1;
};

/// A convolution with numbers; every array is just as long as it must be.
struct Case {
  Index batch, height, width, out;
  std::vector<Read> reads;
  bool residual = false, relu = false;
  Index dilation = 1;

  Index in = 0;
  std::vector<Floats> maps;
  Floats weight, bias, added;

  Case(Index batch, Index height, Index width, std::vector<Read> reads, Index out,
       bool residual = false, bool relu = false, Index dilation = 1)
      : batch(batch),
        height(height),
        width(width),
        out(out),
        reads(std::move(reads)),
        residual(residual),
        relu(relu),
        dilation(dilation) {
    for (Read const& read : this->reads) {
      in += read.channels;
      maps.push_back(
          normal(batch * (height / read.upsample) * (width / read.upsample) * read.channels));
    }
    weight = normal(out * in * 9, 1 / std::sqrt(9.0 * static_cast<double>(in)));
    bias = normal(out, 0.3);
    if (residual) added = normal(batch * height * width * out, 0.5);
  }

  double read(Index picture, Index y, Index x, Index channel) const {
    if (y < 0 || x < 0 || y >= height || x >= width) return 0;
    std::size_t i = 0;
    for (; channel >= reads[i].channels; ++i) channel -= reads[i].channels;
    auto const& [channels, up] = reads[i];
    return maps[i]
               [((picture * (height / up) + y / up) * (width / up) + x / up) * channels + channel];
  }

  double exact(Index picture, Index y, Index x, Index o) const {
    double sum = bias[o];
    for (Index channel = 0; channel < in; ++channel)
      for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < 3; ++j)
          sum += read(picture, y + (i - 1) * dilation, x + (j - 1) * dilation, channel) *
                 double{weight[((o * in + channel) * 3 + i) * 3 + j]};
    if (residual) sum += added[((picture * height + y) * width + x) * out + o];
    return relu ? std::max(sum, 0.0) : sum;
  }

  Floats run(int tile, cpu::Isa isa, Index threads = 1) const {
    Index const panels = cpu::in_panels(out) / cpu::panel, points = (tile + 2) * (tile + 2);
    Floats filter(static_cast<std::size_t>(points * panels * in * cpu::panel), NAN);
    for (Index panel = 0; panel < panels; ++panel)
      tile == 2
          ? dispatch(winograd::PackPanel<2>{weight.data(), out, in, panel, filter.data()}, isa)
          : dispatch(winograd::PackPanel<4>{weight.data(), out, in, panel, filter.data()}, isa);
    Floats in_panels = bias;
    in_panels.resize(static_cast<std::size_t>(panels * cpu::panel));
    winograd::Convolution c;
    c.weights = {filter.data(), in_panels.data(), in, out, tile};
    c.batch = batch, c.height = height, c.width = width;
    for (std::size_t i = 0; i < reads.size(); ++i)
      c.inputs[c.input_count++] = {maps[i].data(), reads[i].channels, reads[i].upsample};
    c.residual = residual ? added.data() : nullptr;
    c.relu = relu;
    c.dilation = dilation;
    Floats result(static_cast<std::size_t>(batch * height * width * out), NAN);
    c.out = result.data();
    winograd::Plan const plan(c, threads);
    auto const bytes = static_cast<std::size_t>(plan.scratch() + 15) / 16 * 64;
    std::unique_ptr<float, void (*)(void*)> const scratch(
        static_cast<float*>(std::aligned_alloc(64, bytes)), std::free);
    // What nobody wrote must not be read; tasks are complete each, in whichever order.
    for (Index task = plan.tasks() - 1; task >= 0; --task) {
      std::fill_n(scratch.get(), plan.scratch(), NAN);
      winograd::run_task(c, plan, task, scratch.get(), isa);
    }
    return result;
  }

  /// The largest error, of the standard deviation of the results.
  double worst_error(int tile, cpu::Isa isa) const {
    Floats const found = run(tile, isa);
    double worst = 0, sum = 0, squares = 0;
    std::size_t at = 0;
    for (Index picture = 0; picture < batch; ++picture)
      for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x)
          for (Index o = 0; o < out; ++o, ++at) {
            double const right = exact(picture, y, x, o), error = std::abs(found[at] - right);
            worst = std::isnan(error) ? INFINITY : std::max(worst, error);
            sum += right;
            squares += right * right;
          }
    auto const count = static_cast<double>(at);
    return worst / std::sqrt(squares / count - sum / count * (sum / count));
  }
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (Index channels : {1, 3, 17, 32}) {
    cases.push_back({1, 7, 9, {{channels}}, 16});
    cases.push_back({2, 8, 5, {{channels}}, 17, true, true});
    cases.push_back({1, 13, 11, {{channels}}, 3, true, false});
    cases.push_back({1, 6, 14, {{channels, 2}, {channels}}, 33, false, true});
  }
  cases.push_back({1, 1, 1, {{5}}, 2});
  cases.push_back({2, 16, 16, {{24}}, 32, true, true, 2});
  cases.push_back({1, 7, 18, {{5, 1}, {3}}, 17, false, true, 3});
  cases.push_back({1, 6, 10, {{4, 2}, {3}}, 2, true, false, 4});
  cases.push_back({2, 3, 2, {{6}}, 5, false, false, 7});
  cases.push_back({3, 1, 40, {{4}}, 1, false, true});
  cases.push_back({2, 10, 12, {{3, 2}, {16}, {1}, {20, 2}}, 48, true, true});
  cases.push_back({1, 26, 30, {{64}}, 80, true, true});
  cases.push_back({1, 8, 8, {{200}}, 64});
  return cases;
}

TEST_CASE("Winograd: both tiles, odd sizes and channels, residual, ReLU, several inputs") {
  auto const cases = all_cases();
  for (cpu::Isa isa : vlsm::test::instruction_sets())
    for (int tile : {2, 4}) {
      double worst = 0;
      for (Case const& one : cases) {
        double const error = one.worst_error(tile, isa);
        INFO(one.height << " x " << one.width << ", " << one.in << " to " << one.out);
        CHECK(error < (tile == 2 ? 6e-6 : 3e-5));
        worst = std::max(worst, error);
      }
      std::printf("F(%d x %d, 3 x 3), %d lanes: largest error %.2g of std\n", tile, tile,
                  isa == cpu::Isa::avx512 ? 16
                  : isa == cpu::Isa::avx2 ? 8
                                          : 4,
                  worst);
    }
}

TEST_CASE("Winograd: the same bits however the work is cut") {
  std::vector<Case> cases;
  cases.push_back({1, 30, 33, {{20, 1}, {13}}, 130, true, true});
  cases.push_back({2, 8, 8, {{40}}, 200});
  cases.push_back({1, 70, 66, {{6}}, 20});
  cases.push_back({1, 31, 33, {{40}}, 130, false, false, 3});
  for (Case const& one : cases)
    for (int tile : {2, 4})
      for (cpu::Isa isa : vlsm::test::instruction_sets()) {
        Floats const expected = one.run(tile, isa, 1);
        for (Index threads : {2, 3, 7, 64}) CHECK(one.run(tile, isa, threads) == expected);
      }
}

TEST_CASE("Winograd: every tile and every output belongs to one task") {
  winograd::Convolution c;
  for (Index side : {1, 8, 13, 52, 256})
    for (Index channels : {1, 64, 512})
      for (Index threads : {1, 2, 5, 16, 192}) {
        c.weights = {nullptr, nullptr, channels, channels, 4};
        c.batch = 1, c.height = c.width = side, c.inputs[0] = {nullptr, channels, 1},
        c.input_count = 1;
        winograd::Plan const plan(c, threads);
        REQUIRE(plan.groups >= 1);
        REQUIRE(plan.slices >= 1);
        CHECK(plan.first_tile(0) == 0);
        CHECK(plan.first_tile(plan.groups) == plan.tiles);
        for (Index group = 0; group < plan.groups; ++group) {
          Index const count = plan.first_tile(group + 1) - plan.first_tile(group);
          CHECK((count > 0 && count <= plan.most_tiles()));
        }
        CHECK(plan.first_column(plan.slices) == cpu::in_panels(channels));
        for (Index slice = 0; slice < plan.slices; ++slice) {
          Index const count = plan.first_column(slice + 1) - plan.first_column(slice);
          CHECK((count > 0 && count <= plan.most_columns()));
        }
      }
}

TEST_CASE("Winograd: NaN stays where its tiles are, and ReLU keeps it") {
  for (cpu::Isa isa : vlsm::test::instruction_sets())
    for (int tile : {2, 4}) {
      Case one(1, 24, 24, {{3}}, 5, false, true);
      Floats const clean = one.run(tile, isa);
      one.maps[0][(9 * 24 + 10) * 3 + 1] = NAN;  // row 9, column 10
      Floats const spoiled = one.run(tile, isa);
      for (Index y = 0; y < 24; ++y)
        for (Index x = 0; x < 24; ++x)
          for (Index o = 0; o < 5; ++o) {
            Index const at = (y * 24 + x) * 5 + o;
            bool const reads = std::abs(y - 9) <= 1 && std::abs(x - 10) <= 1;
            if (reads) CHECK(std::isnan(spoiled[at]));
            if (std::abs(y - 9) > tile || std::abs(x - 10) > tile) CHECK(spoiled[at] == clean[at]);
          }
    }
}

}  // namespace
