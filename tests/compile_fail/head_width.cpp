// expect: Head reads a map of another width than Decoder writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Head = Draws<FeatureSpec::alike(1, 32, 16, Layout::map), 16>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
