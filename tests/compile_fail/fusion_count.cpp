// expect: Fusion reads another number of taps than Vision writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Vision = Sees<FeatureSpec::alike(4, 768, 16, Layout::tokens, 1)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
