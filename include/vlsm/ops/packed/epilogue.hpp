// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/kernels/linear/epilogue.hpp"

namespace vlsm::ops {

using kernels::Epilogue;

}  // namespace vlsm::ops
