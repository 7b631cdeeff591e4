// expect: Vision writes no map, or one without channels or stride
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Vision = Sees<FeatureSpec{}>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
