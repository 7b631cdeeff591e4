// SPDX-License-Identifier: MIT
#include "vlsm/data/annotations.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  fuzz::only_errors([&] {
    for (Annotation const& row : parse_annotations(text, "file")) {
      fuzz::require(!row.image.empty() && row.image[0] != '/', "a picture lies below its folder");
      fuzz::require(!row.mask.empty() && row.mask[0] != '/', "a mask lies below its folder");
      for (auto const& [level, sentences] : row.prompts)
        fuzz::require(!sentences.empty(), "a level has a sentence");
    }
  });
  return 0;
}
