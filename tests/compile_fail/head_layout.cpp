// expect: Head reads another layout than Decoder writes
#include "slots.hpp"

namespace slots {

struct Spoiled : Sound {
  using Decoder = Decodes<joint, FeatureSpec::alike(1, 64, 16, Layout::tokens)>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
