// expect: recipe.tokens leaves no room for a prompt's start and end
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  static constexpr Recipe recipe{.image = 352, .normalize = imagenet_normalization, .tokens = -1};
};
static_assert(fits<Spoiled>());

}  // namespace slots
