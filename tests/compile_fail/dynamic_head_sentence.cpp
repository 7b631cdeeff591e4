// expect: Head needs a sentence, Text writes none: choose a text tower that writes one, or another
// head
#include "slots.hpp"
#include "vlsm/head/dynamic.hpp"

namespace slots {

struct Spoiled : Sound {
  static constexpr TextSpec silent{.words = 512};
  using Text = Reads<silent>;
  using Fusion = Joins<seen, silent, joint>;
  using Head = DynamicHead<>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
