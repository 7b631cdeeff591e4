// expect: Decoder reads maps of another width than Fusion writes
#include "vlsm/models/clipseg.hpp"

// As a user would meet it: a decoder with ports of its own, behind a fusion that was made wider.
struct Wider : vlsm::ClipSeg {
  using Fusion = vlsm::Film<vlsm::FilmConfig{.width = 128}>;
  using Decoder = vlsm::TransformerDecoder<vlsm::DecoderConfig{.heads = 4, .ffn = 2048},
                                           vlsm::Slots<vlsm::ClipSeg>::Fusion::out>;
};
at::Tensor run(vlsm::Segmenter<Wider> const& model) { return model.forward({}, {}); }
