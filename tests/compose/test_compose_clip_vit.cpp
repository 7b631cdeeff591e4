// SPDX-License-Identifier: MIT
#include "compose/combinations.hpp"
#include "vlsm/vision/vit.hpp"

namespace {

using namespace vlsm;

struct SeesClipVit {
  static constexpr std::string_view name = "CLIP ViT";
  using Block = VisionTransformer<VitConfig{
      .layer = {.width = 32, .heads = 2, .ffn = 64, .activation = Activation::quick_gelu},
      .blocks = 4,
      .patch = 16,
      .grid = 4,
      .taps = {0, 1, 2},
      .count = 3}>;
};

static_assert(test::count_combinations<SeesClipVit>() == 58);

TEST_CASE("whatever fits behind CLIP's transformer works") {
  auto const all = test::combinations<SeesClipVit>();
  REQUIRE(all.size() == 58);
  test::try_out(all);
}

}  // namespace
