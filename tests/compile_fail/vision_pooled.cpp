// expect: Vision pools images to another width than Text's sentences have
#include "slots.hpp"

namespace slots {

inline constexpr FeatureSpec pooled = [] {
  FeatureSpec taps = seen;
  taps.pooled = 400;
  return taps;
}();
struct Spoiled : Sound {
  using Vision = Sees<pooled>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
