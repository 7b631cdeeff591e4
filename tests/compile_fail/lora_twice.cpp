// expect: Lora wraps a block in which Lora changes one of these projections already
#include "vlsm/adapt/lora.hpp"
#include "vlsm/text/clip_text.hpp"

namespace {

using Tower = vlsm::Lora<vlsm::Lora<vlsm::ClipText<vlsm::clip_text>>>;
[[maybe_unused]] constexpr long long count = Tower::parameter_count();

}  // namespace
