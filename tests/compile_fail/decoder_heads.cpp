// expect: Decoder's .heads do not divide the width
#include "vlsm/models/clipseg.hpp"

struct Headless : vlsm::ClipSeg {
  using Decoder = vlsm::TransformerDecoder<vlsm::DecoderConfig{.ffn = 128}>;
};
at::Tensor run(vlsm::Segmenter<Headless> const& model) { return model.forward({}, {}); }
