// expect: ShallowTextAdapters wraps a tower that has such adapters already
#include "vlsm/adapt/shallow.hpp"
#include "vlsm/text/clip_text.hpp"

namespace {

using Tower = vlsm::ShallowTextAdapters<vlsm::ShallowTextAdapters<vlsm::ClipText<vlsm::clip_text>>>;
[[maybe_unused]] constexpr long long count = Tower::parameter_count();

}  // namespace
