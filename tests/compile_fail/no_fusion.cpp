// expect: Fusion is no fusion block
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Fusion = Sized;
};
static_assert(fits<Spoiled>());

}  // namespace slots
