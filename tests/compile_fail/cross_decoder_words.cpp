// expect: CrossDecoder compares cells and words: give its .in the width of .text.words
#include "vlsm/decoder/cross_decoder.hpp"

inline constexpr vlsm::Taps one = vlsm::Taps::alike(1, 256, 16, vlsm::Layout::map);
vlsm::CrossDecoder<vlsm::CrossConfig{
    .in = one, .text = {.sentence = 512, .words = 512}, .heads = 8, .ffn = 2048, .layers = 3}>
    decoder;
