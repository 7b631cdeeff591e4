// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/nn/module.hpp"

namespace vlsm {

/// What is added to a published model to adapt it to a task: no checkpoint of that model holds its
/// parameters, and `train_adapters_only` trains nothing else. Adapters of one's own derive from it.
class Adaptation : public Module {};

}  // namespace vlsm
