// SPDX-License-Identifier: MIT
#pragma once

// vlsm is header-only: what a header declares is defined by the file of its name under impl/, which
// it includes. A program that links vlsm::compiled instead of vlsm::vlsm finds these definitions in
// a library that CMake makes of the same files, and its own files compile in half the time; then
// VLSM_COMPILED is defined.
#ifdef VLSM_COMPILED
#define VLSM_INLINE
#else
#define VLSM_INLINE inline
#endif
