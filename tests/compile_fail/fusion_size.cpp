// expect: Fusion has no size somewhere
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Fusion = Joins<seen, said, FeatureSpec::alike(3, 0, 16, Layout::tokens, 1)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
