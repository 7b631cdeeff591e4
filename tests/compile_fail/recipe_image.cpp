// expect: recipe.image is no multiple of Vision's patch
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  static constexpr Recipe recipe{.image = 350, .normalize = imagenet_normalization};
};
static_assert(fits<Spoiled>());

}  // namespace slots
