// expect: Fusion reads deeper taps of another width than Vision writes
#include "slots.hpp"

namespace slots {

inline constexpr FeatureSpec pyramid = [] {
  FeatureSpec taps = seen;
  taps.width = {768, 1024, 2048};
  return taps;
}();
struct Spoiled : Sound {
  using Vision = Sees<pyramid>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
