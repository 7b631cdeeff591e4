// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

// Folders of reference outputs, set by CMake: tests/data in this repository, and the full set where
// it exists.
#ifndef VLSM_TEST_DATA
#define VLSM_TEST_DATA "tests/data"
#endif
#ifndef VLSM_SHARED
#define VLSM_SHARED "../shared"
#endif

/// Leaves the test case; CTest counts a case that prints this as skipped.
#define VLSM_SKIP(why)                 \
  do {                                 \
    std::printf("skipped: %s\n", why); \
    return;                            \
  } while (false)

/// Leaves the test case as skipped unless `path` (a std::optional) holds a value.
#define VLSM_NEEDS(path, name) \
  if (!(path)) VLSM_SKIP(("needs the fixture " + std::string(name)).c_str())

namespace vlsm::test {

/// The path of a reference file such as "tokenizers/clip_hf.jsonl", or nothing where it is not at
/// hand.
inline std::optional<std::filesystem::path> fixture(std::string const& name) {
  for (std::filesystem::path root :
       {std::filesystem::path(VLSM_TEST_DATA), std::filesystem::path(VLSM_SHARED) / "fixtures"})
    if (std::filesystem::exists(root / name)) return root / name;
  return std::nullopt;
}

/// A path of the real pictures ("data/busi/..."), or nothing.
inline std::optional<std::filesystem::path> shared(std::string const& name) {
  std::filesystem::path const path = std::filesystem::path(VLSM_SHARED) / name;
  if (std::filesystem::exists(path)) return path;
  return std::nullopt;
}

inline std::string read_file(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A fresh folder below the system's temporary folder, removed at the end of the scope.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "vlsm-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(TempDir const&) = delete;
  TempDir& operator=(TempDir const&) = delete;
  std::filesystem::path operator/(std::string const& name) const { return path_ / name; }
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_file(std::filesystem::path const& path, std::string const& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace vlsm::test
