// SPDX-License-Identifier: MIT
#include "vlsm/data/run_lengths.hpp"

#include <vector>

#include "fuzz/fuzz.hpp"

// Both forms of run lengths; what is read must come back from text that is written anew.
int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  fuzz::Input input(data, size);
  unsigned const flags = input.byte();
  long long const height = input.byte() % 64,
                  width = flags & 2 ? input.word() % 1024 : input.byte() % 32;
  Mask mask;
  bool const read = fuzz::only_errors([&] {
    if (flags & 1) {
      std::vector<std::int64_t> runs;
      while (!input.empty()) runs.push_back(static_cast<std::int16_t>(input.word()));
      mask = mask_of_run_lengths(std::span<std::int64_t const>(runs), height, width, "file");
    } else {
      mask = mask_of_run_lengths(input.rest(), height, width, "file");
    }
  });
  if (!read) return 0;
  fuzz::require(static_cast<long long>(mask.size()) == height * width,
                "a mask is as large as it is said to be");
  std::string const text = run_lengths_of(mask);
  fuzz::require(mask_of_run_lengths(text, height, width, "file") == mask,
                "run lengths give the mask that they were made of");
  return 0;
}
