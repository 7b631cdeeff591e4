// SPDX-License-Identifier: MIT
#pragma once

// VLSM_TEST_SANITIZED is defined under the address sanitizer: by g++ and by clang.
#if defined(__SANITIZE_ADDRESS__)
#define VLSM_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VLSM_TEST_SANITIZED 1
#endif
#endif

namespace vlsm::test {

/// Kernels under the emulation are ten times as slow there, and what the sanitizers look for is
/// which memory is touched. That hangs on shapes and on the bytes of an element: of several values
/// for one shape, and of float16 beside bfloat16, one is enough.
#ifdef VLSM_TEST_SANITIZED
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace vlsm::test
