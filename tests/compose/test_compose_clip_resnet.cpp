// SPDX-License-Identifier: MIT
#include "compose/combinations.hpp"
#include "vlsm/vision/clip_resnet.hpp"

namespace {

using namespace vlsm;

struct SeesClipResNet {
  static constexpr std::string_view name = "ClipResNet";
  using Block =
      ClipResNet<ClipResNetConfig{.layers = {1, 1, 1, 1}, .width = 8, .grid = 2, .out = 32}>;
};

static_assert(test::count_combinations<SeesClipResNet>() == 38);

TEST_CASE("whatever fits behind CLIP's residual network works") {
  auto const all = test::combinations<SeesClipResNet>();
  REQUIRE(all.size() == 38);
  test::try_out(all);
}

}  // namespace
