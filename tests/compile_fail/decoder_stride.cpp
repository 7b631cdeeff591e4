// expect: Decoder reads maps of another stride than Fusion writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Fusion = Joins<seen, said, FeatureSpec::alike(3, 64, 8, Layout::tokens, 1)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
