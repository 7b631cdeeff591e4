// expect: Fusion reads words of another width than Text writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Text = Reads<TextSpec{.sentence = 512, .words = 768}>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
