// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "kernels/instruction_sets.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/convolution/depthwise.hpp"

// A convolution of each channel by itself, in every instruction set of this machine, against its
// definition in double.
namespace {

using namespace vlsm::kernels;
using Floats = std::vector<float>;
using Index = Depthwise::Index;

Floats uniform(Index count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> number(-1, 1);
  Floats made(static_cast<std::size_t>(count));
  for (float& x : made) x = number(random);
  return made;
}

/// The largest error; every array is just as long as it must be, and what fills up is NaN.
double worst_error(Depthwise c, cpu::Isa isa) {
  Index const reach = c.dilation * (c.kernel - 1) + 1;
  c.out_height = (c.height + 2 * c.padding - reach) / c.stride + 1;
  c.out_width = (c.width + 2 * c.padding - reach) / c.stride + 1;
  c.padded = (c.channels + 15) / 16 * 16;
  Floats const x = uniform(c.batch * c.height * c.width * c.channels, 1);
  Floats weight = uniform(c.kernel * c.kernel * c.padded, 2), bias = uniform(c.padded, 3);
  for (Index cell = 0; cell < c.kernel * c.kernel; ++cell)
    for (Index i = c.channels; i < c.padded; ++i) weight[cell * c.padded + i] = bias[i] = NAN;
  Floats out(static_cast<std::size_t>(c.out_rows() * c.out_width * c.channels), NAN);
  c.x = x.data(), c.weight = weight.data(), c.bias = bias.data(), c.out = out.data();
  cpu::dispatch(DepthwiseRows{c, c.out_rows() / 2, c.out_rows()}, isa);
  cpu::dispatch(DepthwiseRows{c, 0, c.out_rows() / 2}, isa);
  double worst = 0;
  std::size_t at = 0;
  for (Index row = 0; row < c.out_rows(); ++row)
    for (Index column = 0; column < c.out_width; ++column)
      for (Index channel = 0; channel < c.channels; ++channel, ++at) {
        double sum = bias[channel];
        for (Index i = 0; i < c.kernel; ++i)
          for (Index j = 0; j < c.kernel; ++j) {
            Index const y = row % c.out_height * c.stride - c.padding + i * c.dilation,
                        z = column * c.stride - c.padding + j * c.dilation;
            if (y < 0 || z < 0 || y >= c.height || z >= c.width) continue;
            sum +=
                double{
                    x[((row / c.out_height * c.height + y) * c.width + z) * c.channels + channel]} *
                double{weight[(i * c.kernel + j) * c.padded + channel]};
          }
        double const error = std::abs(out[at] - (c.relu ? std::max(sum, 0.0) : sum));
        worst = std::isnan(error) ? INFINITY : std::max(worst, error);
      }
  return worst;
}

}  // namespace

TEST_CASE("a depthwise convolution: sizes, strides, dilations wider than the map, ReLU") {
  for (auto isa : vlsm::test::instruction_sets()) {
    double worst = 0;
    for (Index channels : {1, 3, 16, 31, 70})
      for (auto const& [kernel, stride, padding, dilation] : {std::array<Index, 4>{3, 1, 1, 1},
                                                              {3, 2, 1, 1},
                                                              {1, 1, 0, 1},
                                                              {5, 3, 2, 1},
                                                              {2, 1, 0, 2},
                                                              {3, 1, 6, 6},
                                                              {3, 1, 40, 40},
                                                              {3, 1, 5, 1}})
        for (bool relu : {false, true})
          worst = std::max(worst, worst_error({.batch = 2,
                                               .height = 7,
                                               .width = 11,
                                               .channels = channels,
                                               .kernel = kernel,
                                               .stride = stride,
                                               .padding = padding,
                                               .dilation = dilation,
                                               .relu = relu},
                                              isa));
    std::printf("depthwise, vectors of instruction set %d: largest error %.2g\n",
                static_cast<int>(isa), worst);
    CHECK(worst < 3e-6);
  }
}
