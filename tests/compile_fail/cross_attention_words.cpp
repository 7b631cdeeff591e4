// expect: Fusion needs words, Text writes none: choose a text tower that writes them, or
// PassThrough PassThrough
#include "slots.hpp"
#include "vlsm/fusion/cross_attention.hpp"

namespace slots {

struct Spoiled : Sound {
  using Text = Reads<TextSpec{.sentence = 512}>;
  using Fusion = CrossAttention<CrossAttentionConfig{.width = 64, .heads = 4}>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
