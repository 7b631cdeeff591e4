// expect: Decoder reads maps of another width than Fusion writes
#include "vlsm/models/clipseg.hpp"

// As a user would meet it: one slot of a real model is made wider, and the next is forgotten.
struct Wider : vlsm::ClipSeg {
  using Fusion =
      vlsm::Film<vlsm::FilmConfig{.image = Vision::out, .text = Text::out, .width = 128}>;
};
vlsm::Segmenter<Wider> model;
