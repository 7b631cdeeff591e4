// expect: FilmSkips reads a sentence: choose a text tower that writes one, or PassThrough
#include "vlsm/fusion/film_skips.hpp"

inline constexpr vlsm::Taps seen = vlsm::Taps::alike(3, 768, 16, vlsm::Layout::tokens, 1);
vlsm::FilmSkips<vlsm::FilmSkipsConfig{.image = seen, .text = {.words = 512}}> fusion;
