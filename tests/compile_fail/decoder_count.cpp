// expect: Decoder reads another number of maps than Fusion writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Fusion = Joins<seen, said, FeatureSpec::alike(2, 64, 16, Layout::tokens, 1)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
