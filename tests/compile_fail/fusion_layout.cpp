// expect: Fusion reads another layout than Vision writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Vision = Sees<FeatureSpec::alike(3, 768, 16, Layout::map)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
