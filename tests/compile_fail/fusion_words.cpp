// expect: Fusion reads words of another width than Text writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Text = Reads<Words{.sentence = 512, .words = 768}>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
