// expect: Decoder reads another layout than Fusion writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Fusion = Joins<seen, said, FeatureSpec::alike(3, 64, 16, Layout::map)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
