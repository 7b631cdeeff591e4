// SPDX-License-Identifier: MIT
// Both names: the precompiled headers hold doctest's first half, which would derive one from the
// other.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
