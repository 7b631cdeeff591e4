// expect: Vision is no vision tower
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Vision = Sized;
};
static_assert(fits<Spoiled>());

}  // namespace slots
