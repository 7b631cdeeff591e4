// SPDX-License-Identifier: MIT
#include "compose/combinations.hpp"
#include "vlsm/vision/resnet.hpp"

namespace {

using namespace vlsm;

struct SeesResNet {
  static constexpr std::string_view name = "ResNet";
  using Block = ResNet<ResNetConfig{
      .block = Residual::basic, .layers = {1, 1, 1, 1}, .taps = {1, 2, 3}, .count = 3}>;
};

static_assert(test::count_combinations<SeesResNet>() == 38);

TEST_CASE("whatever fits behind a residual network works") {
  auto const all = test::combinations<SeesResNet>();
  REQUIRE(all.size() == 38);
  test::try_out(all);
}

}  // namespace
