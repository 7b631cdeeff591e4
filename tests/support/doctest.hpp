// SPDX-License-Identifier: MIT
#pragma once

// LibTorch's logging defines CHECK too, and the last one wins: its header comes first here, so that
// the tests' CHECK is doctest's.
#ifndef VLSM_LIGHT_TEST
#include <c10/util/Logging.h>
#undef CHECK
#endif
#include <doctest/doctest.h>
