// expect: Film reads a sentence: choose a text tower that writes one, or PassThrough
#include "vlsm/fusion/film.hpp"

inline constexpr vlsm::Taps seen = vlsm::Taps::alike(3, 768, 16, vlsm::Layout::tokens, 1);
vlsm::Film<vlsm::FilmConfig{.image = seen, .text = {.words = 512}, .width = 64}> fusion;
