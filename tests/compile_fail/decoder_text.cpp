// expect: Decoder reads other words or sentences than Text writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  struct Decoder : Decodes<joint, map> {
    static constexpr TextSpec text{.sentence = 512, .words = 768};
  };
};
static_assert(fits<Spoiled>());

}  // namespace slots
