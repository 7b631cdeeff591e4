// expect: CrossDecoder reads one map: choose a fusion that writes one
#include "vlsm/decoder/cross_decoder.hpp"

inline constexpr vlsm::Taps three = vlsm::Taps::alike(3, 512, 16, vlsm::Layout::map);
vlsm::CrossDecoder<vlsm::CrossConfig{
    .in = three, .text = {.sentence = 512, .words = 512}, .heads = 8, .ffn = 2048, .layers = 3}>
    decoder;
