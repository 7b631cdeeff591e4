// expect: Decoder needs another number of maps than Fusion writes
#include "slots.hpp"
#include "vlsm/decoder/cross_decoder.hpp"

namespace slots {

struct Spoiled : Sound {
  using Decoder = CrossDecoder<CrossConfig{.heads = 8, .ffn = 2048, .layers = 3}>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
