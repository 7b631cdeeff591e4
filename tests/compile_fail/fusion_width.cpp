// expect: Fusion reads taps of another width than Vision writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Vision = Sees<FeatureSpec::alike(3, 1024, 16, Layout::tokens, 1)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
