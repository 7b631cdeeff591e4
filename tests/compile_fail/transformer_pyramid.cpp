// expect: TransformerDecoder reads taps of one width and one stride
#include "vlsm/decoder/transformer.hpp"

inline constexpr vlsm::Taps pyramid{
    .count = 3, .layout = vlsm::Layout::map, .width = {64, 64, 64}, .stride = {8, 16, 32}};
vlsm::TransformerDecoder<vlsm::DecoderConfig{.in = pyramid, .heads = 4, .ffn = 2048}> decoder;
