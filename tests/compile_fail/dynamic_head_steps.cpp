// expect: ProjectorConfig: .steps would enlarge the map beyond the image
#include "vlsm/head/dynamic.hpp"

inline constexpr vlsm::Taps fine = vlsm::Taps::alike(1, 16, 2, vlsm::Layout::map);
vlsm::DynamicHead<vlsm::ProjectorConfig{.in = fine, .text = {.sentence = 512}, .steps = 2}> head;
