// expect: Fusion needs a sentence, Text writes none: choose a text tower that writes one, or
// PassThrough
#include "slots.hpp"
#include "vlsm/fusion/film_skips.hpp"

namespace slots {

struct Spoiled : Sound {
  using Text = Reads<TextSpec{.words = 512}>;
  using Fusion = FilmSkips<>;
};
static_assert(fits<Spoiled>());

}  // namespace slots
