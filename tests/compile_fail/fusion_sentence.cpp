// expect: Fusion reads sentences of another width than Text writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Text = Reads<TextSpec{.sentence = 640, .words = 512}>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
