// expect: Head reads other words or sentences than Text writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  struct Head : Draws<map, 16> {
    static constexpr TextSpec text{.sentence = 640, .words = 512};
  };
};
static_assert(fits<Spoiled>());

}  // namespace slots
