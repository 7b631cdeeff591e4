// expect: Head reads another number of maps than Decoder writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Decoder = Decodes<joint, FeatureSpec::alike(2, 64, 16, Layout::map)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
