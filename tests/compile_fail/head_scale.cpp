// expect: Head enlarges by another factor than Vision and Decoder shrink
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Head = Draws<map, 8>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
