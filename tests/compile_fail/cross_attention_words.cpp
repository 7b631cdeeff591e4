// expect: CrossAttention reads words: choose a text tower that writes them, or PassThrough
#include "vlsm/fusion/cross_attention.hpp"

inline constexpr vlsm::Taps seen = vlsm::Taps::alike(3, 768, 16, vlsm::Layout::tokens, 1);
vlsm::CrossAttention<vlsm::CrossAttentionConfig{
    .image = seen, .text = {.sentence = 512}, .width = 64, .heads = 4}>
    fusion;
