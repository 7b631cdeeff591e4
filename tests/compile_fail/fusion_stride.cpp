// expect: Fusion reads taps of another stride (patch size) than Vision writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Vision = Sees<FeatureSpec::alike(3, 768, 32, Layout::tokens, 1)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
