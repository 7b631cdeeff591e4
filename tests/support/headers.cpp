// SPDX-License-Identifier: MIT
// Holds nothing: what tests with LibTorch include is precompiled with it (tests/CMakeLists.txt).
