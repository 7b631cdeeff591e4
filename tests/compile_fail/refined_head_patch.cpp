// expect: Head enlarges by another factor than Vision and Decoder shrink
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/unet.hpp"

struct UnetRefined : vlsm::Unet {
  using Head = vlsm::RefinedHead<>;
};
at::Tensor run(vlsm::Segmenter<UnetRefined> const& model) { return model.forward({}, {}); }
