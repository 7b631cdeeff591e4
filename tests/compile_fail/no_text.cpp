// expect: Text is no text tower
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Text = Sized;
};
static_assert(fits<Spoiled>());

}  // namespace slots
