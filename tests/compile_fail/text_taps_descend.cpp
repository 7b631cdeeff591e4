// expect: ShallowTextConfig: .taps do not ascend
#include "vlsm/adapt/shallow.hpp"
#include "vlsm/text/clip_text.hpp"

namespace {

constexpr vlsm::ShallowTextConfig backwards{.taps = {6, 3, 9}};
using Tower = vlsm::ShallowTextAdapters<vlsm::ClipText<vlsm::clip_text>, backwards>;
[[maybe_unused]] constexpr long long count = Tower::parameter_count();

}  // namespace
