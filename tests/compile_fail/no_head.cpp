// expect: Head is no head
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Head = Sized;
};
static_assert(fits<Spoiled>());

}  // namespace slots
