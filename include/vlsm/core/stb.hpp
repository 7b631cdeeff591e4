// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace vlsm::detail {

/// The most that stb_image is given in one piece on this thread, in bytes. Its inflate makes room
/// for whatever a file unpacks to, up to 4 GiB.
inline thread_local std::size_t stb_limit = SIZE_MAX;

/// Sets the limit for a scope.
class StbLimit {
 public:
  explicit StbLimit(std::size_t bytes) { stb_limit = bytes; }
  ~StbLimit() { stb_limit = SIZE_MAX; }
  StbLimit(StbLimit const&) = delete;
  StbLimit& operator=(StbLimit const&) = delete;
};

inline void* stb_allocate(std::size_t bytes) {
  return bytes <= stb_limit ? std::malloc(bytes) : nullptr;
}
inline void* stb_reallocate(void* old, std::size_t bytes) {
  return bytes <= stb_limit ? std::realloc(old, bytes) : nullptr;
}

}  // namespace vlsm::detail

// stb_image and stb_image_write, private to each translation unit (a header-only library has no
// other place for their code), with the PNG and JPEG decoders alone.
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STBI_MAX_DIMENSIONS 65500
#define STBI_MALLOC(bytes) vlsm::detail::stb_allocate(bytes)
#define STBI_REALLOC(old, bytes) vlsm::detail::stb_reallocate(old, bytes)
#define STBI_FREE(old) std::free(old)
#include <stb_image.h>

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>
