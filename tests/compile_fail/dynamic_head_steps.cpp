// expect: Head would enlarge the map beyond the image: choose fewer .steps
#include "slots.hpp"
#include "vlsm/head/dynamic.hpp"

namespace slots {

struct Spoiled : Sound {
  using Decoder = Decodes<joint, FeatureSpec::alike(1, 64, 2, Layout::map)>;
  using Head = DynamicHead<>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
