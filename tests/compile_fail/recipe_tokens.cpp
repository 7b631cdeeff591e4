// expect: recipe.tokens is beyond Text's positions
#include "slots.hpp"

namespace slots {

struct Positions {
  int positions = 77;
};
struct Spoiled : Sound {
  struct Text : Reads<said> {
    static constexpr Positions settings{};
  };
  static constexpr Recipe recipe{.image = 352, .normalize = imagenet_normalization, .tokens = 78};
};
static_assert(fits<Spoiled>());

}  // namespace slots
