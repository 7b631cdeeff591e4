// SPDX-License-Identifier: MIT
#pragma once

/// The library's version (semantic versioning); CMake reads it from this line.
#define VLSM_VERSION "0.1.0"
