// SPDX-License-Identifier: MIT
#pragma once

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <limits>
#include <string>

namespace vlsm {

namespace detail {

/// The number behind `name` in a file of "name  number" lines, or of one number; -1 where it is not
/// there ("max", say).
inline long long number_in(char const* path, std::string const& name = "") {
  std::ifstream in(path);
  std::string word;
  while (!name.empty() && in >> word && word != name) {
  }
  long long value = -1;
  return in >> value ? value : -1;
}

}  // namespace detail

/// Bytes of memory that this process may still take without others being paged out: what the system
/// has, within the limit of a container (control groups, version 2). 0 where that cannot be seen.
inline std::size_t available_memory() {
  long long const system = detail::number_in("/proc/meminfo", "MemAvailable:") * 1024;
  long long const limit = detail::number_in("/sys/fs/cgroup/memory.max"),
                  used = detail::number_in("/sys/fs/cgroup/memory.current");
  long long free = std::max(0LL, system);
  if (limit >= 0 && used >= 0) free = std::min(free, std::max(0LL, limit - used));
  return static_cast<std::size_t>(free);
}

/// From now on what this process frees stays with it. Passes of a model take and give back the same
/// large tensors, and else the system clears their pages each time: an eighth of a cached epoch of
/// CLIPSeg, a seventh of DeepLabV3+ in bf16. For a program whose work is passes; not while another
/// thread allocates. Without glibc nothing happens.
inline void keep_freed_memory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace vlsm
