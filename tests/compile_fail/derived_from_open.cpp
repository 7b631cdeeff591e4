// expect: Fusion reads another number of taps than Vision writes
#include "vlsm/models/clipseg.hpp"

// A class that derives from an open block is no open block: its forward would be lost.
class Twice : public vlsm::Film<vlsm::FilmConfig{.width = 64}> {};
struct Derived : vlsm::ClipSeg {
  using Fusion = Twice;
};
at::Tensor run(vlsm::Segmenter<Derived> const& model) { return model.forward({}, {}); }
