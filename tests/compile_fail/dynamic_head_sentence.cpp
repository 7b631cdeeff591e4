// expect: DynamicHead reads a sentence: choose a text tower that writes one
#include "vlsm/head/dynamic.hpp"

inline constexpr vlsm::Taps one = vlsm::Taps::alike(1, 512, 16, vlsm::Layout::map);
vlsm::DynamicHead<vlsm::ProjectorConfig{.in = one, .text = {.words = 512}}> head;
