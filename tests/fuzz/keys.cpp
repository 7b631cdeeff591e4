// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "vlsm/keys/recognize.hpp"

// The names of a checkpoint's tensors, one a line: which scheme they are of, and that a name goes
// to ours and back.
int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  using namespace vlsm::io;
  fuzz::Input input(data, size);
  KeyScheme const& one = schemes[input.byte() % schemes.size()];
  std::vector<std::string_view> keys;
  while (!input.empty()) keys.push_back(input.until('\n'));

  Recognized const found = recognize(keys);
  std::size_t counted = 0, known = 0;
  for (std::string_view key : keys) {
    if (means_moments(without_parts(key, wrapper_parts))) continue;
    ++counted;
    known += found.place(key).has_value();
  }
  fuzz::require(found.keys == counted && found.known == known,
                "what is recognized is what has a place");
  for (std::string_view key : keys) {
    std::string const plain = without_parts(key, wrapper_parts);
    fuzz::require(without_parts(plain, wrapper_parts) == plain, "parts are taken out once");
    auto const place = place_of(one, key);
    if (!place || place->rule.change == Change::drop) continue;
    std::vector<Origin> const origins = origins_of(one, place->ours);
    fuzz::require(std::ranges::find(origins, key, &Origin::theirs) != origins.end(),
                  "a name goes to ours and back");
  }
  return 0;
}
