// expect: Decoder needs more maps than Fusion writes
#include "slots.hpp"

namespace slots {

struct Nested : Decodes<joint, map> {
  static constexpr Needs needs{.least_taps = 4};
};
struct Spoiled : Sound {
  using Decoder = Nested;
};
static_assert(fits<Spoiled>());

}  // namespace slots
