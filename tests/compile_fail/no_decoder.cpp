// expect: Decoder is no decoder
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Decoder = Sized;
};
static_assert(fits<Spoiled>());

}  // namespace slots
