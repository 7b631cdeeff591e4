// SPDX-License-Identifier: MIT
#include "compose/combinations.hpp"
#include "vlsm/vision/vit.hpp"

namespace {

using namespace vlsm;

struct SeesTimmVit {
  static constexpr std::string_view name = "timm ViT";
  using Block = VisionTransformer<VitConfig{
      .layer = {.width = 32, .heads = 2, .ffn = 64, .activation = Activation::gelu, .eps = 6},
      .blocks = 3,
      .patch = 16,
      .grid = 3,
      .taps = {0, 1, 2},
      .count = 3,
      .norm_before = false,
      .patch_bias = true}>;
};

static_assert(test::count_combinations<SeesTimmVit>() == 58);

TEST_CASE("whatever fits behind timm's transformer works") {
  auto const all = test::combinations<SeesTimmVit>();
  REQUIRE(all.size() == 58);
  test::try_out(all);
}

}  // namespace
