// expect: An architecture names Vision, Text, Fusion, Decoder, Head
#include "slots.hpp"

namespace slots {

struct Spoiled {
  using Vision = Sees<seen>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
