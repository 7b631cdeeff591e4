// expect: Decoder compares cells and words: give Fusion's map the width of Text's words
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/cris.hpp"

// As a user would meet it: a tower whose words are wider than the fused map.
struct CrisOnBert : vlsm::Cris {
  using Text = vlsm::BertText<vlsm::pubmed_bert>;
};
at::Tensor run(vlsm::Segmenter<CrisOnBert> const& model) { return model.forward({}, {}); }
