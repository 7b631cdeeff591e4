// expect: Decoder has no size somewhere
#include "slots.hpp"

namespace slots {

struct Unsized : Decodes<joint, map> {
  static constexpr Needs needs{.sized = false};
};
struct Spoiled : Sound {
  using Decoder = Unsized;
};
static_assert(fits<Spoiled>());

}  // namespace slots
